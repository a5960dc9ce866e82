import json
from dataclasses import replace

import pandas as pd
import pytest

from huebench.reports.content import NAMED, in_words, make_content


def test_counts_of_answers_photos_and_runs(maker):
    content = make_content(maker.run(methods=("gray", "pix2pix"), seeds=(0, 1), photos=10))
    assert content.answers == (40, 40)
    assert (content.photos, content.seeds, content.cells) == (10, 2, 4)


def test_failures_are_listed_with_phase_and_reason(maker):
    late, lost = make_content(maker.run(failures=True)).failures
    assert (late.method, late.status, late.phase) == ("resnet34-classification", "timeout", "colorize")
    assert (lost.seed, lost.log) == (0, "")
    assert lost.reason == "ValueError: loss is nan | at epoch 3 <b>"


def test_unscored_photos_are_grouped_by_method_and_reason(maker):
    (unscored,) = make_content(maker.run(failures=True)).unscored
    assert (unscored.method, unscored.status, unscored.reason) == (
        "resnet34-classification",
        "failed",
        "not reached",
    )
    assert unscored.which == "im0010.jpg, im0011.jpg"


def test_many_unscored_photos_are_counted_and_some_named(maker):
    results = maker.run(methods=("gray",), photos=20)
    content = make_content(replace(results, images=results.images.assign(status="failed", reason="x")))
    (unscored,) = content.unscored
    assert len(unscored.photos) == 20
    assert unscored.which.endswith(f"and {20 - NAMED} more (all are in images.parquet)")


def test_an_undecodable_photo_is_named_once(maker):
    results = maker.run(methods=("gray", "pix2pix"))
    broken = results.images["photo"] == "im0003.jpg"
    results.images.loc[broken, ["status", "reason"]] = ["undecodable", "truncated"]
    dataset = results.run.dataset | {"undecodable": {"im0003.jpg": "truncated", "train/x.jpg": "truncated"}}
    (unscored,) = make_content(replace(results, run=replace(results.run, dataset=dataset))).unscored
    assert (unscored.method, unscored.photos) == ("", ("im0003.jpg", "train/x.jpg"))


def test_no_table_without_near_grey_photos_where_there_are_none_or_all(maker):
    assert make_content(maker.run(methods=("gray",), near_grey=0.0)).coloured is None
    assert make_content(maker.run(methods=("gray",), near_grey=1.0)).coloured is None
    assert make_content(maker.run(methods=("gray",), photos=30, near_grey=0.5)).coloured is not None


def test_many_categories_become_several_tables(maker):
    names = tuple(f"place {number:02d}" for number in range(10))
    content = make_content(maker.run(methods=("gray",), photos=20, categories=names))
    assert list(content.by_category) == ["auc", "psnr"]
    assert [len(table.columns) for table in content.by_category["auc"]] == [8, 2]
    assert content.by_category["auc"][0].columns[0].title == "place 00 (2)"
    assert content.title("psnr") == "PSNR ↑ (dB)"


def test_without_categories_there_are_no_tables_of_them(maker):
    assert make_content(maker.run(methods=("gray",), categories=())).by_category == {}


def test_every_metric_stands_in_one_of_the_two_tables(maker):
    results = maker.run(methods=("gray",))
    content = make_content(results)
    labels = [column.label for table in (content.headline, content.further) for column in table.columns]
    assert len(labels) == len(set(labels))
    assert {m.label for m in results.run.metrics if not m.unavailable} <= set(labels)
    assert [metric.name for metric in content.unavailable] == ["lpips"]


def test_notes_of_several_seeds_are_said_once(maker):
    results = maker.run(methods=("gray", "pix2pix"), seeds=(0, 1))
    assert make_content(results).notes == [("pix2pix", "backbone weights", "none")]


def test_a_missing_note_is_no_note(maker):
    results = maker.run(methods=("gray",))
    assert make_content(replace(results, cells=results.cells.assign(notes=pd.NA))).notes == []


def test_provenance_holds_the_protocol_and_the_versions(maker):
    content = make_content(maker.run(methods=("gray",)))
    assert content.provenance["Protocol"]["digest"] == "5f2c9a0e11d4"
    assert content.provenance["Versions"]["torch"] == "2.15.0"
    assert content.provenance["Dataset"]["photos"] == "train 3,780, validation 420, test 12"
    assert content.protocol.startswith("size 256; resize squash; grey CIE L*")


@pytest.mark.parametrize(
    ("value", "words"),
    [(True, "yes"), (False, "no"), ("", "none"), ((), "none"), ({}, "none"), (12345, "12,345"), (0.5, "0.5")],
)
def test_in_words(value, words):
    assert in_words(value) == words
    assert in_words(json.loads(json.dumps(value))) == words
