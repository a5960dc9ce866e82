"""The mark of a colorized photo in its XMP: that its colours were made, and by what."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Final
from xml.etree import ElementTree as ET

_VOCABULARY: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"

LARGEST: Final = 2**24
"""Largest number of bytes of an XMP packet that is kept."""

_EMPTY: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n</rdf:RDF>\n</x:xmpmeta>\n'
    '<?xpacket end="w"?>'
)
_OURS: Final = (
    "Iptc4xmpExt:DigitalSourceType",
    "Iptc4xmpExt:AISystemUsed",
    "Iptc4xmpExt:AISystemVersionUsed",
)
_HISTORY: Final = "photoshop:History"


def source_type(*, trained: bool) -> str:
    """Return IPTC's term for the digital source type of a colorized photo.

    A photo whose colours come from a trained model is a composite of a real photo and synthetic media; one
    whose colours come from a rule was altered by an algorithm (IPTC NewsCodes, Digital Source Type).
    """
    return _VOCABULARY + ("compositeWithTrainedAlgorithmicMedia" if trained else "algorithmicallyEnhanced")


def marked(xmp: bytes | None, *, method: str, digest: str, trained: bool) -> bytes:
    """Return an XMP packet with the mark added; all else in it is kept as it is.

    The mark is IPTC's DigitalSourceType (see `source_type`), AISystemUsed and AISystemVersionUsed, and a line
    "colorized by huebench METHOD DIGEST" at the end of photoshop:History. An older DigitalSourceType, such as
    that of a scanned negative, no longer holds and is replaced. A packet that is not well-formed XML, or has
    no RDF, is replaced as a whole.

    Parameters
    ----------
    xmp
        The photo's packet, or ``None``.
    method, digest
        The method's label, and the digest of its model.
    trained
        Whether the method learned its colours from photos.
    """
    text = _well_formed(xmp) or _EMPTY
    history = _value(text, _HISTORY)
    line = f"colorized by huebench {method} {digest}"
    for name in (*_OURS, _HISTORY):
        text = _without(text, name)
    values = dict(zip(_OURS, (source_type(trained=trained), f"huebench {method}", digest), strict=True))
    values[_HISTORY] = f"{history}\n{line}" if history else line
    attributes = "\n".join(f'  {name}="{_attribute(value)}"' for name, value in values.items())
    description = (
        '<rdf:Description rdf:about=""\n'
        '  xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"\n'
        '  xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"\n'
        f"{attributes}/>\n"
    )
    before, end, after = text.rpartition("</rdf:RDF>")
    return (before + description + end + after).encode()


def _well_formed(xmp: bytes | None) -> str:
    """Return a packet's text if the mark can be added to it, else ``""``."""
    if not xmp or len(xmp) > LARGEST:
        return ""
    try:
        text = xmp.rstrip(b"\0").decode()
        if "<!DOCTYPE" in text or "<!ENTITY" in text:  # XMP has neither, but attacks on parsers do
            return ""
        ET.fromstring(text.lstrip("\ufeff").encode())  # noqa: S314  # entities are refused above
    except (UnicodeDecodeError, ET.ParseError):
        return ""
    return text if "</rdf:RDF>" in text else ""


def _value(text: str, name: str) -> str:
    """Return the value of a simple property, or ``""``."""
    found = re.search(rf"""\s{name}=(?:"([^"]*)"|'([^']*)')|<{name}>([^<]*)</{name}>""", text)
    return unescape(next(filter(None, found.groups()), "")) if found else ""


def _without(text: str, name: str) -> str:
    """Return a packet without a simple property."""
    return re.sub(rf"""\s{name}=(?:"[^"]*"|'[^']*')|<{name}(?:>[^<]*</{name}>|\s[^<>]*/>)""", "", text)


def _attribute(value: str) -> str:
    return escape(value).replace("\n", "&#10;")
