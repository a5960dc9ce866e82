"""What choices of reference gain, from a made-up run whose gains are known."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import stats

from huebench.reports.analysis.selection import Selection
from huebench.reports.blocks import Bullets, Data, Figure, Table, plain
from huebench.reports.report import fingerprint
from huebench.reports.sections.examples import compare_choices
from huebench.reports.tables import EXAMPLE_COLUMNS, read_results, typed, write_results

from ..conftest import found, section

METHODS = ("gray", "color-transfer-welsh", "pixel-knn")
GAINS = {
    ("color-transfer-welsh", "random"): 0.0, ("color-transfer-welsh", "neighbours"): 2.0,
    ("color-transfer-welsh", "category"): 0.5, ("pixel-knn", "random"): 0.0, ("pixel-knn", "category"): -1.0,
}  # fmt: skip
"""Method and choice → decibels gained; ``pixel-knn`` with ``neighbours`` has failed."""

LACKING = ["im0002.jpg", "im0005.jpg", "im0011.jpg"]


def examples(results):
    """Return the rows of a made-up run's choices, its own among them; some photos lack their category."""
    rng = np.random.default_rng(0)
    own = results.images[results.images["method"] != "gray"]
    tables = [own.assign(choice="similar")]
    for (method, choice), gain in GAINS.items():
        rows = own[own["method"] == method].copy()
        change = rng.normal(gain - 1.5, 0.4, len(rows))
        rows = rows.assign(cell=f"{method}-{choice}", choice=choice, psnr=rows["psnr"] + change)
        rows = rows.assign(auc=rows["auc"] + change / 100)
        if choice == "category":
            rows.loc[rows["photo"].isin(LACKING), ["status", "psnr", "auc"]] = ["left out", pd.NA, pd.NA]
        tables.append(rows)
    failed = {
        "method": "pixel-knn",
        "seed": 0,
        "choice": "neighbours",
        "status": "failed",
        "reason": "no luck",
    }
    return typed(pd.concat([*tables, pd.DataFrame([failed])]), EXAMPLE_COLUMNS)


@pytest.fixture
def results(maker):
    results = maker.run(methods=METHODS, photos=25, pictures=True)
    return replace(results, examples=examples(results))


def compared(results):
    return compare_choices(results, tuple(m for m in results.run.metrics if m.name in ("psnr", "auc")))


def values(results, method, choice, metric="psnr"):
    own = results.examples
    own = own[(own["method"] == method) & (own["choice"] == choice) & (own["status"] == "ok")]
    return own.set_index("photo")[metric].astype(float)


def test_means_and_gains_are_those_of_pandas_and_scipy(results):
    table = compared(results).table
    for method, choice in [("color-transfer-welsh", "neighbours"), ("pixel-knn", "category")]:
        own, base = values(results, method, choice), values(results, method, "random")
        row = table.loc[("psnr", method, choice)]
        interval = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
        assert (row["mean"], row["low"], row["high"]) == pytest.approx((own.mean(), *interval))
        gaps = (own - base).dropna()
        interval = stats.t.interval(0.95, len(gaps) - 1, gaps.mean(), stats.sem(gaps))
        assert (row["gain"], row["gain_low"], row["gain_high"]) == pytest.approx((gaps.mean(), *interval))
        assert row["p"] == pytest.approx(stats.ttest_1samp(gaps, 0).pvalue)
        assert row["gain_low"] < GAINS[method, choice] < row["gain_high"]
    assert table.loc[("psnr", "pixel-knn", "random"), ["gain", "p"]].isna().all()


def test_p_values_are_adjusted_over_all_metrics_methods_and_choices(results):
    table = compared(results).table
    known = table[table["p"].notna()]
    assert len(known) == 10  # two metrics; two methods with three and two choices besides random
    adjusted = stats.false_discovery_control(known["p"].to_numpy(float), method="by")
    np.testing.assert_allclose(known["p_adjusted"].to_numpy(float), adjusted)


def test_the_average_gain_is_the_mean_over_methods_of_every_photo(results):
    average = compared(results).average
    gaps = pd.DataFrame(
        {m: values(results, m, "category") - values(results, m, "random") for m in METHODS[1:]}
    ).dropna()
    gains = gaps.mean(axis="columns")
    row = average.loc[("psnr", "category")]
    assert (row["methods"], row["photos"], row["gain"]) == (2, 22, pytest.approx(gains.mean()))
    interval = stats.t.interval(0.95, len(gains) - 1, gains.mean(), stats.sem(gains))
    assert (row["low"], row["high"]) == pytest.approx(interval)
    assert average.loc[("psnr", "neighbours"), "methods"] == 1


def test_a_gain_is_positive_whichever_way_the_metric_points(results):
    table = results.examples.copy()
    table["delta_e2000"] = 50 - table["psnr"]
    (metric,) = [m for m in results.run.metrics if m.name == "delta_e2000"]
    both = compare_choices(
        replace(results, examples=table), (replace(metric, columns=("delta_e2000",)), results.run.metrics[0])
    ).table["gain"]
    np.testing.assert_allclose(both["delta_e2000"].astype(float), both["psnr"].astype(float))


def test_photos_without_a_category_and_failed_cells_are_said(results):
    found_ = compared(results)
    assert (found_.scored, found_.lacking) == (25, 3)
    assert found_.table.loc[("psnr", "pixel-knn", "category"), "photos"] == 22
    (bullets,) = found(Bullets, section("examples", results))
    said = [plain(item) for item in bullets.items]
    assert any(text.startswith("3 of 25 photos have no training photo of their category") for text in said)
    assert "pixel-knn with neighbours: failed: no luck" in said
    every = results.examples.assign(status="ok")
    assert compared(replace(results, examples=every[every["photo"].notna()])).lacking == 0
    no_category = results.examples[results.examples["choice"] != "category"]
    assert compared(replace(results, examples=no_category)).lacking is None


def test_the_section_has_a_table_per_metric_and_pictures(results):
    made = section("examples", results)
    tables = found(Table, made)
    assert [table.name for table in tables] == ["examples-auc", "examples-psnr"]
    rows = [(row.label, row.entries[0].text) for row in tables[1].rows]
    assert rows == [
        ("color-transfer-welsh", "random"), ("color-transfer-welsh", "similar"),
        ("color-transfer-welsh", "neighbours"), ("color-transfer-welsh", "category"),
        ("pixel-knn", "random"), ("pixel-knn", "similar"), ("pixel-knn", "category"),
    ]  # fmt: skip
    assert tables[1].rows[0].entries[4].text == "–"
    assert tables[1].rows[2].entries[4].text.startswith("+")
    (figure,) = found(Figure, made)
    assert Image.open(io.BytesIO(figure.content)).width > 400
    assert [data.name for data in found(Data, made)] == ["examples", "examples-average"]


def test_a_run_that_compared_no_references_has_no_section(maker, results):
    assert section("examples", maker.run(methods=METHODS)) == []
    alone = results.examples[results.examples["choice"] == "random"]
    assert section("examples", replace(results, examples=alone)) == []


def test_rows_are_written_read_chosen_and_part_of_the_fingerprint(results, tmp_path):
    write_results(results, tmp_path / "run")
    back = read_results(tmp_path / "run")
    assert len(back.examples) == len(results.examples)
    assert set(Selection(methods="Ours=pixel-knn").of(back).examples["method"]) == {"Ours"}
    assert fingerprint(replace(results, examples=results.examples.iloc[1:])) != fingerprint(results)
    write_results(replace(results, examples=results.examples.iloc[:0]), tmp_path / "run")
    assert not (tmp_path / "run" / "examples.parquet").exists()
