"""Numba kernels; a test compares each with a plain NumPy version."""
