"""The mark in the XMP."""

from xml.etree import ElementTree as ET

import pytest

from huebench.bench.colorize.marks import marked

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
EXT = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
HISTORY = "{http://ns.adobe.com/photoshop/1.0/}History"
PACKET = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" dc:format="a &amp; b"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm">
<photoshop:History>scanned &lt;1998&gt;</photoshop:History></rdf:Description></rdf:RDF></x:xmpmeta>"""


def properties(packet):
    """Return the attributes of every description, by an XML parser."""
    found = {}
    for description in ET.fromstring(packet).iter(f"{RDF}Description"):  # noqa: S314  # ours
        for name, value in description.attrib.items():
            assert name == f"{RDF}about" or name not in found
            found[name] = value
    return found


@pytest.mark.parametrize("trained", [True, False])
def test_source_type_says_how_the_colours_were_made(trained):
    found = properties(marked(None, method="warm", digest="0123456789ab", trained=trained))
    term = "compositeWithTrainedAlgorithmicMedia" if trained else "algorithmicallyEnhanced"
    assert found[f"{EXT}DigitalSourceType"] == f"http://cv.iptc.org/newscodes/digitalsourcetype/{term}"
    assert found[HISTORY] == "colorized by huebench warm 0123456789ab"


def test_rest_of_the_packet_stays_and_the_history_grows():
    packet = marked(PACKET.encode(), method='a["<&"]', digest="0123456789ab", trained=True)
    found = properties(packet)
    assert found["{http://purl.org/dc/elements/1.1/}format"] == "a & b"
    assert found[HISTORY] == 'scanned <1998>\ncolorized by huebench a["<&"] 0123456789ab'
    assert "negativeFilm" not in packet.decode()
    assert packet.count(b"History") == 1


def test_marking_twice_leaves_one_mark():
    once = marked(PACKET.encode(), method="warm", digest="0123456789ab", trained=True)
    twice = properties(marked(once, method="cold", digest="ba9876543210", trained=False))
    assert twice[f"{EXT}AISystemUsed"] == "huebench cold"
    assert twice[HISTORY].splitlines()[1:] == [
        "colorized by huebench warm 0123456789ab",
        "colorized by huebench cold ba9876543210",
    ]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\xff\xfe",
        b"<x>",
        b"<x></x>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x:xmpmeta/>',
        b"\0" * 9,
        b"<" * 10**5,
    ],
)
def test_broken_packet_is_replaced(broken):
    found = properties(marked(broken, method="warm", digest="0123456789ab", trained=True))
    assert found[f"{EXT}AISystemVersionUsed"] == "0123456789ab"
