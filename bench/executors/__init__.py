"""Executors: they run cells in processes on this machine, or on a cluster."""
