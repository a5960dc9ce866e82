"""The built-in datasets, one file or folder each."""
