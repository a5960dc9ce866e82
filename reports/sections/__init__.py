"""The sections of a report, one file each: `blocks(material)` returns what it says."""
