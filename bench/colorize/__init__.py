"""Colorizes a user's own photos and films: one file, a folder, an archive, or ten thousand scans."""
