"""Methods that run a trained network from files that the user names."""
