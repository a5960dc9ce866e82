"""Colorization methods: the base class, the registry, and one file or folder per method."""
