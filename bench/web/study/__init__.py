"""``bench study``: participants choose which of two photos has real colours; answers are stored."""
