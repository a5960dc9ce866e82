"""Colorization methods: the base class, the registry, and one file a method."""
