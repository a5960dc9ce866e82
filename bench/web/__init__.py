"""Pages that the command serves."""
