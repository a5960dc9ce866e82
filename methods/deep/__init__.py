"""Methods with a network, trained by the run itself."""
