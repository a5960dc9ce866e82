"""The formats of a report, one file each: they render blocks, whatever their content."""
