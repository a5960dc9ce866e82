"""Methods for clips, which carry state from frame to frame."""
