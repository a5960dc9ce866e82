"""Datasets: the registry, splits, fingerprints, decoding, and colour conversions."""
