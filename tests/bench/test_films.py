"""Runs on clips, from the command line to the report."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import huebench
from huebench import UserError
from huebench.bench.collect import first_scores
from huebench.bench.plan.plan import make_plan
from huebench.bench.plan.request import Request
from huebench.reports.analysis.summary import summarize

pytest.importorskip("cv2", reason="needs the extra 'video'")


@pytest.fixture(scope="module")
def films_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("films") / "out"
    metrics = (
        "psnr",
        "auc",
        "auc_rebalanced",
        "colorfulness",
        "cdc",
        "cdc_gap",
        "cdc_1",
        "warp_error",
        "flicker",
    )
    return huebench.run(
        methods=("gray", "oracle-roundtrip", "oracle-flicker", "propagated[every=6]"),
        dataset="pan:samples", limit=2, metrics=metrics, out=out,
    )  # fmt: skip


@pytest.mark.slow
def test_the_anchors_are_ordered_as_they_must_be(films_run):
    scores = summarize(films_run).scores
    assert scores["flicker"]["gray"] < 0.05
    assert scores["flicker"]["oracle-roundtrip"] < 0.05
    assert scores["flicker"]["oracle-flicker"] > 10 * scores["flicker"]["propagated[every=6]"]
    assert scores["cdc"]["gray"] < scores["cdc"]["oracle-flicker"]
    assert scores["cdc_gap"]["oracle-roundtrip"] < 1e-4 < scores["cdc_gap"]["oracle-flicker"]
    assert scores["warp_error"]["oracle-roundtrip"] <= 1e-4
    assert scores["auc"]["propagated[every=6]"] > scores["auc"]["gray"]


@pytest.mark.slow
def test_the_clip_is_the_unit(films_run):
    images = films_run.images
    assert images["frame"].max() == 11
    assert images.groupby("cell")["cdc"].count().tolist() == [2] * 4
    summary = summarize(films_run)
    assert (summary.unit, summary.photos) == ("clip", 2)
    assert summary.rows["scored"].tolist() == [2] * 4
    by_clip = images[images["method"] == "gray"].groupby("clip")["psnr"].mean()
    assert summary.scores["psnr"]["gray"] == pytest.approx(by_clip.mean())
    assert set(summary.contenders()) == {"gray"}
    assert summary.groups["propagated[every=6]"] == "exemplar"


def test_the_terminal_tells_a_cells_mean_over_clips_as_the_table_does(tmp_path):
    for clip, (length, step) in enumerate(((2, 20), (9, 3), (1, 90))):
        (tmp_path / "clips" / f"clip{clip}").mkdir(parents=True)
        for number in range(length):
            rgb = np.full((32, 32, 3), (200, 10 + clip * 40 + number * step, 80), np.uint8)
            Image.fromarray(rgb).save(tmp_path / "clips" / f"clip{clip}" / f"{number}.png")
    given = {
        "methods": ("gray",), "dataset": f"clips:{tmp_path / 'clips'}", "split": "all", "size": 32,
        "metrics": ("psnr", "auc"), "out": tmp_path / "out",
    }  # fmt: skip
    results = huebench.run(**given)
    (cell,) = make_plan(Request.of(**given)).cells
    scores = summarize(results).scores.loc["gray"]
    told = first_scores(cell, cell.status())
    assert told == {"PSNR": f"{scores['psnr']:.2f}", "AuC": f"{scores['auc']:.3f}"}
    assert told["PSNR"] != f"{results.images['psnr'].mean():.2f}"


@pytest.mark.slow
def test_the_protocol_states_the_flow(films_run):
    facts = json.loads((films_run.folder / "run.json").read_text())
    assert "dense inverse search" in facts["protocol"]["flow"]
    still = make_plan(Request.of(methods="gray", metrics=("psnr",))).cells[0].protocol
    assert "flow" not in still.facts()


@pytest.mark.slow
def test_the_report_has_a_section_on_clips(films_run):
    report = (films_run.folder / "report.md").read_text()
    assert "## Clips" in report
    assert "fewer than 10: no interval or test here can be trusted" in report
    assert "A grey clip never flickers" in report
    for name in ("clip-strips.jpg", "clip-slices.png", "clip-drift.png"):
        assert (films_run.folder / "figures" / name).is_file(), name
    assert "12 photos" not in report.split("## Results")[0]


@pytest.mark.slow
def test_a_run_of_a_film_counts_its_undecodable_frames(tmp_path):
    for clip, shade in (("walk", 40), ("run", 90), ("sit", 140), ("jump", 190)):
        (tmp_path / clip).mkdir()
        for number in range(6):
            rgb = np.full((32, 32, 3), (shade, 30 * number, 80), np.uint8)
            Image.fromarray(rgb).save(tmp_path / clip / f"{number}.png")
    (tmp_path / "walk" / "3.png").write_bytes(b"broken")
    results = huebench.run(
        methods="gray", dataset=f"clips:{tmp_path}", split="all", train_on="samples", size=32,
        metrics=("psnr", "cdc"), out=tmp_path / "out",
    )  # fmt: skip
    broken = results.images[results.images["photo"] == "walk/3.png"]
    assert broken["status"].tolist() == ["undecodable"]
    row = summarize(results).rows.loc["gray"]
    assert (row["expected"], row["scored"]) == (4, 4)


@pytest.mark.slow
def test_clips_are_degraded_and_coloured_by_other_examples(tmp_path):
    results = huebench.run(
        methods="color-transfer-reinhard", dataset="pan:samples", limit=2, size=32,
        metrics=("psnr", "flicker"), degrade="fade", references="random", out=tmp_path / "out",
    )  # fmt: skip
    tables = (("degraded", "degradation", ["fade"]), ("examples", "choice", ["random", "similar"]))
    for name, column, conditions in tables:
        table = results.tables[name]
        assert sorted(table[column].unique()) == conditions
        assert table["psnr"].notna().all()
        assert table["flicker"].notna().sum() == 2 * len(conditions), "one value a clip"
    report = (tmp_path / "out" / "report.md").read_text()
    assert "paired with the same method on the clean clips" in report
    assert "the same method on the same clip" in report


def test_all_includes_methods_for_clips_only_where_there_are_clips():
    def names(dataset):
        return {cell.name for cell in make_plan(Request.of(methods="baseline", dataset=dataset)).cells}

    assert names("pan:samples") - names("samples") == {"oracle-flicker"}
    (cell,) = make_plan(Request.of(methods="propagated")).cells
    assert cell.problem == "it is for clips, and this dataset has photos"


def test_metrics_of_clips_are_refused_for_photos():
    with pytest.raises(UserError, match="flicker: for clips only, and 'samples' has photos"):
        make_plan(Request.of(methods="gray", metrics=("psnr", "flicker")))


@pytest.mark.slow
def test_a_run_of_clips_is_compared_clip_by_clip(films_run):
    changes = huebench.compare(films_run, films_run).changes
    assert set(changes["verdict"]) == {"same"}
    assert set(changes["photos"].dropna()) == {2}
    assert not pd.isna(changes.loc[("gray", "cdc"), "before"])
