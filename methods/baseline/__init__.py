"""Baselines: the lower and upper bounds that every table shows."""
