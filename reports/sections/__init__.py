"""The sections of a report, one file each: `blocks(material)` returns the section.

`report.make_document` puts them in order.
"""
