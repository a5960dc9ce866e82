import pandas as pd
import pytest

from huebench.reports.analysis.summary import summarize
from huebench.reports.report import write_formats


def write_csv(results, folder):
    return write_formats(results, folder, ["csv"])[0]


def test_summary_reads_back_with_intervals_and_spread(maker, tmp_path):
    results = maker.run(methods=("gray", "fusion"), seeds=(0, 1), photos=20)
    folder = write_csv(results, tmp_path)
    table = pd.read_csv(folder / "summary.csv", index_col="method")
    expected = summarize(results)
    for method in ("gray", "fusion"):
        row = table.loc[method]
        assert row["psnr"] == pytest.approx(expected.scores.loc[method, "psnr"], rel=1e-15)
        assert row["psnr_spread"] == pytest.approx(expected.spread.loc[method, "psnr"], rel=1e-15)
        assert row["psnr_low"] < row["psnr"] < row["psnr_high"]
        assert row["scored"] == 40


def test_categories_comparisons_and_photos(maker, tmp_path):
    results = maker.run(methods=("gray", "fusion", "pix2pix"), photos=20)
    folder = write_csv(results, tmp_path)
    categories = pd.read_csv(folder / "categories.csv", index_col=["category", "method"])
    assert categories.loc[("sea", "gray"), "psnr"] == pytest.approx(
        summarize(results, category="sea").scores.loc["gray", "psnr"]
    )
    sea = categories.loc[("sea", "gray")]
    assert sea["psnr_low"] < sea["psnr"] < sea["psnr_high"]
    comparisons = pd.read_csv(folder / "comparisons.csv")
    assert len(comparisons) == 3 * 3
    assert set(comparisons["metric"]) == {"auc", "auc_rebalanced", "psnr"}
    images = pd.read_csv(folder / "images.csv")
    assert len(images) == 60
    assert images["psnr"].to_numpy() == pytest.approx(results.images["psnr"].to_numpy(float), rel=1e-15)


def test_missing_content_has_no_file(maker, tmp_path):
    results = maker.run(methods=("gray",), categories=(), near_grey=0.0)
    folder = write_csv(results, tmp_path)
    assert {path.name for path in folder.iterdir()} == {"summary.csv", "images.csv"}


def test_texts_that_a_spreadsheet_would_run_are_escaped_and_numbers_are_not(maker, tmp_path):
    results = maker.run(methods=("gray",), photos=4)
    results.images["photo"] = ["=1+1", "+1", "-1", "@x"]
    results.images["psnr"] = [-1.5, 2.0, 3.0, 4.0]
    images = pd.read_csv(write_csv(results, tmp_path) / "images.csv")
    assert list(images["photo"]) == ["'=1+1", "'+1", "'-1", "'@x"]
    assert images["psnr"][0] == -1.5
