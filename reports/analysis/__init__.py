"""Numbers computed from a run, independent of their presentation."""
