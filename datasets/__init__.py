"""Datasets: their photos, splits, fingerprints and decoding, and the conversion of colours."""
