"""The formats of a report, one file each: they render blocks and know nothing of what they say."""
