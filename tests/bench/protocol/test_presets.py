from dataclasses import fields

import pytest

from huebench import UserError
from huebench.bench.metrics import get_metric
from huebench.bench.protocol.presets import DEFAULT, OURS, name_of, presets
from huebench.bench.protocol.protocol import Protocol
from huebench.reports.sections.provenance import MEANING

DIGESTS = {
    "bigcolor": "c1ca1c96dee3",
    "ct2": "e2cbb996cece",
    "ddcolor": "4d49cdf8d279",
    "ddcolor-squash": "cb530d0e6ef3",
    "icolorit": "5458a4b4362f",
    "ideepcolor": "acd1431a7919",
    "zhang2016": "72161b8e7dfe",
}
"""They stand in published tables: only a new version of the protocol may move them, and all together."""

NAMED = list(presets.items().values())
FIELDS = [field.name for field in fields(Protocol)]


def test_the_digests_are_frozen():
    assert {each.name: each.protocol.digest for each in NAMED if each.name != DEFAULT} == DIGESTS
    assert presets.get(DEFAULT).protocol.digest == Protocol().digest


@pytest.mark.parametrize("preset", NAMED, ids=lambda preset: preset.name)
def test_a_preset_says_where_its_choices_come_from(preset):
    assert set(preset.taken_from) <= set(FIELDS)
    changed = {name for name in FIELDS if getattr(preset.protocol, name) != getattr(Protocol(), name)}
    unexplained = changed - set(preset.taken_from)
    assert unexplained <= {"metrics"}
    assert preset.summary
    assert preset.source
    assert preset.reason("version") == OURS
    for metric in preset.protocol.metrics:
        get_metric(metric)


@pytest.mark.parametrize("preset", NAMED, ids=lambda preset: preset.name)
def test_the_report_explains_every_fact(preset):
    assert set(preset.protocol.facts()) <= set(MEANING)


def test_an_unknown_preset_shows_the_nearest():
    with pytest.raises(UserError, match="unknown protocol 'ddcolour'; did you mean ddcolor"):
        presets.get("ddcolour")


def test_a_changed_protocol_is_not_cited_under_its_name_alone():
    ct2 = presets.get("ct2").protocol
    assert name_of(ct2, "ct2") == "ct2"
    assert name_of(Protocol(size=64, resize="center-crop"), DEFAULT) == "huebench, changed: size, resize"
