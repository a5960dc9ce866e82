"""Measures how far each choice of protocol and of metric moves the numbers of the same methods."""
