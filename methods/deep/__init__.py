"""Methods that train a network: each is one file, or one folder with its card and its network."""
