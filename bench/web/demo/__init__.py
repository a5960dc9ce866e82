"""``bench demo``: a page on this machine where people colorize their own photos and films."""
