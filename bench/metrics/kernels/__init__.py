"""Numba kernels of the metrics, one module per definition; private, imported on first use.

All are serial: photos are scored in separate processes, where threads would only compete, and a single thread
sums in a fixed order. Sums are exact integers or float64.
"""
