"""Colours for a user's own photos: one photo, a folder, an archive, or ten thousand scans."""
