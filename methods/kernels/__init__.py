"""Numba kernels, each with a plain NumPy reference that its test compares it with."""
