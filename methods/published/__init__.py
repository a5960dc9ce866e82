"""Networks that were trained elsewhere."""
