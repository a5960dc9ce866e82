"""Losses under degradations, from a made-up run whose losses are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from huebench.reports.analysis.robustness import robustness
from huebench.reports.analysis.selection import Selection
from huebench.reports.analysis.summary import summarize
from huebench.reports.blocks import Bullets, Data, Details, Figure, Table
from huebench.reports.charts.robustness import loss_map
from huebench.reports.report import fingerprint
from huebench.reports.sections import robustness as sections
from huebench.reports.tables import DEGRADED_COLUMNS, read_results, typed, write_results

from ..clips import with_clips
from ..conftest import found, section

METHODS = ("gray", "fusion", "pix2pix")
LOSSES = {("fusion", "blur"): 2.0, ("fusion", "fade:0.5"): 0.0, ("pix2pix", "blur"): 0.5,
          ("pix2pix", "fade:0.5"): 1.0, ("gray", "blur"): 0.0}  # fmt: skip
"""Method and degradation → decibels lost; ``gray`` under ``fade:0.5`` has failed."""


def degraded(results, noise=0.3, pictures=False):
    """Return the rows of the degraded cells of a made-up run."""
    rng = np.random.default_rng(0)
    tables = []
    for (method, name), loss in LOSSES.items():
        own = results.images[results.images["method"] == method].copy()
        change = rng.normal(loss, noise if loss else 0, len(own))
        tables.append(
            own.assign(
                cell=f"{method}-{name}",
                degradation=name,
                psnr=own["psnr"] - change,
                auc=own["auc"] - change / 100,
                delta_e2000=own["delta_e2000"] + change,
            )
        )
    failed = {"method": "gray", "seed": 0, "degradation": "fade:0.5", "status": "failed", "reason": "no luck"}
    tables.append(pd.DataFrame([failed]))
    table = typed(pd.concat(tables), DEGRADED_COLUMNS)
    return table if pictures else table.assign(picture=pd.NA).astype({"picture": "string"})


@pytest.fixture
def results(maker):
    results = maker.run(methods=METHODS, photos=30, pictures=True)
    return replace(results, degraded=degraded(results, pictures=True))


def test_losses_of_clips_are_over_clips(results):
    lengths = (10, 12, 8)
    clips = with_clips(results, lengths)
    known = clips.images.drop_duplicates("photo").set_index("photo")[["clip", "frame"]]
    frames = clips.degraded.drop(columns=["clip", "frame"]).join(known, on="photo")
    clips = replace(clips, degraded=typed(frames, DEGRADED_COLUMNS))
    row = robustness(clips, summarize(clips)).losses.loc[("psnr", "fusion", "blur")]
    assert row["photos"] == len(lengths)
    pairs = frames[frames["degradation"].eq("blur") & frames["method"].eq("fusion")].set_index("photo")
    clean = clips.images[clips.images["method"] == "fusion"].set_index("photo")
    losses = (clean["psnr"] - pairs["psnr"]).astype(float).groupby(clean["clip"]).mean()
    assert row["loss"] == pytest.approx(losses.mean())


def test_a_loss_is_the_mean_paired_difference_with_students_interval(results):
    found_ = robustness(results, summarize(results))
    assert found_.degradations == ("blur", "fade:0.5")
    row = found_.losses.loc[("psnr", "fusion", "blur")]
    rows = results.degraded[
        (results.degraded["method"] == "fusion") & (results.degraded["degradation"] == "blur")
    ].set_index("photo")
    clean = results.images[results.images["method"] == "fusion"].set_index("photo")
    gaps = (clean["psnr"] - rows["psnr"]).to_numpy(float)
    low, high = stats.t.interval(0.95, len(gaps) - 1, gaps.mean(), stats.sem(gaps))
    assert (row["loss"], row["low"], row["high"]) == pytest.approx((gaps.mean(), low, high))
    assert row["photos"] == 30
    assert row["low"] < 2.0 < row["high"]


def test_a_loss_is_positive_whichever_way_the_metric_points(results):
    facts = tuple(
        replace(metric, compared=metric.compared or metric.name == "delta_e2000")
        for metric in results.run.metrics
    )
    results = replace(results, run=replace(results.run, metrics=facts))
    losses = robustness(results, summarize(results)).losses["loss"]
    for metric in ("psnr", "auc", "delta_e2000"):
        assert losses[metric, "fusion", "blur"] > 0
    assert losses["psnr", "fusion", "fade:0.5"] == 0


def test_only_photos_that_are_scored_both_ways_count(results):
    lost = results.degraded["photo"].isin(["im0001.jpg", "im0002.jpg"])
    table = results.degraded.copy()
    table.loc[lost, "status"] = "undecodable"
    found_ = robustness(replace(results, degraded=table), summarize(results))
    assert found_.losses.loc[("psnr", "fusion", "blur"), "photos"] == 28


def test_a_degraded_cell_that_failed_is_listed_with_its_reason(results):
    found_ = robustness(results, summarize(results))
    assert found_.missing == {("gray", "fade:0.5"): "failed: no luck"}
    made = section("robustness", results)
    assert ("gray under fade:0.5: failed: no luck",) in [block.items for block in found(Bullets, made)]
    assert ("psnr", "gray", "fade:0.5") not in found_.losses.index


def test_the_section_has_a_heat_map_pictures_and_intervals(results):
    made = section("robustness", results)
    assert [figure.name for figure in found(Figure, made)] == ["degraded-pictures", "robustness"]
    begins = {"png": b"\x89PNG", "jpg": b"\xff\xd8\xff"}
    assert all(figure.content.startswith(begins[figure.kind]) for figure in found(Figure, made))
    table = next(table for table in found(Table, made) if table.name == "robustness-psnr")
    entry = next(row for row in table.rows if row.label == "fusion").entries[0]
    assert entry.text.startswith("+")
    assert "…" in entry.interval
    assert any(isinstance(block, Details) for block in made)
    assert next(block for block in found(Data, made)).name == "robustness"


def test_the_caption_says_what_is_not_shown(results, monkeypatch):
    def caption():
        return found(Figure, section("robustness", results))[0].caption

    assert "are shown" not in caption()
    monkeypatch.setattr(sections, "MOST_DEGRADATIONS", 1)
    monkeypatch.setattr(sections, "MOST_METHODS", 1)
    assert caption().endswith(" Only 1 of 2 methods are shown. Only 1 of 2 degradations are shown.")


def test_a_run_without_degradations_has_no_section(maker):
    assert section("robustness", maker.run(methods=("gray",))) == []


def test_brackets_mark_losses_that_are_not_significant(results):
    metric = results.run.metrics[0]
    losses = pd.DataFrame({"blur": [2.0, 0.1]}, index=["a", "b"])
    p = pd.DataFrame({"blur": [0.001, 0.4]}, index=["a", "b"])
    axes = loss_map(losses, p, metric).axes[0]
    assert [text.get_text() for text in axes.texts] == ["+2.00", "(+0.10)"]
    low, high = axes.get_images()[0].get_clim()
    assert low == -high == -2


def test_degraded_rows_are_written_read_chosen_and_part_of_the_fingerprint(results, tmp_path):
    write_results(results, tmp_path / "run")
    back = read_results(tmp_path / "run")
    assert len(back.degraded) == len(results.degraded)
    assert set(Selection(methods="Ours=fusion").of(back).degraded["method"]) == {"Ours"}
    changed = replace(results, degraded=results.degraded.iloc[1:])
    assert fingerprint(changed) != fingerprint(results)
    write_results(replace(results, degraded=results.degraded.iloc[:0]), tmp_path / "run")
    assert not (tmp_path / "run" / "degraded.parquet").exists()
    assert read_results(tmp_path / "run").degraded.empty
