"""What each choice of protocol and of definition does to the numbers of the same methods."""
