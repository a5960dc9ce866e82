"""Numba kernels of the metrics, one module per definition; imported on their first use, never by a user.

All are serial: photos are scored in processes of their own, where threads would only compete, and one thread
adds up in one order. Sums are exact integers or float64.
"""
