from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from huebench.reports.analysis.summary import categories, count_by_category, summarize
from huebench.reports.tables import IMAGE_COLUMNS, MetricFacts, Results


def test_values_equal_plain_numpy(maker):
    results = maker.run(methods=("gray", "pix2pix"), photos=20)
    summary = summarize(results)
    for method in ("gray", "pix2pix"):
        rows = results.images[results.images["method"] == method]
        own, truth = (rows[c].to_numpy(float) for c in ("colorfulness", "colorfulness_truth"))
        scores = summary.scores.loc[method]
        assert scores["psnr"] == pytest.approx(np.mean(rows["psnr"].to_numpy(float)), rel=1e-12)
        assert scores["delta_colorfulness"] == pytest.approx(abs(np.mean(own) - np.mean(truth)), rel=1e-12)
        assert scores["delta_colorfulness_per_image"] == pytest.approx(
            np.mean(np.abs(own - truth)), rel=1e-12
        )
        assert scores["fid"] == float(results.cells.set_index("method").loc[method, "fid"])
    assert summary.truth["colorfulness"] == pytest.approx(truth.mean(), rel=1e-12)
    assert summary.truth.drop("colorfulness").isna().all()


def test_order_is_baselines_classical_deep_and_oracles_last(maker):
    rows = summarize(maker.run()).rows
    assert list(rows.index[rows["oracle"]]) == list(rows.index[-2:])
    families = rows.loc[~rows["oracle"], "family"]
    assert list(dict.fromkeys(families)) == ["baseline", "classical", "deep"]
    for _, group in families.groupby(families):
        assert list(group.index) == sorted(group.index)


def test_order_does_not_depend_on_the_order_of_the_cells(maker):
    results = maker.run(methods=("gray", "oracle-lowres", "pix2pix", "fusion"))
    shuffled = replace(results, cells=results.cells.iloc[::-1])
    pd.testing.assert_frame_equal(summarize(results).table(), summarize(shuffled).table())


def test_several_seeds_show_mean_and_standard_deviation(maker):
    results = maker.run(methods=("pix2pix",), seeds=(0, 1, 2))
    means = results.images.groupby("seed")["psnr"].mean().to_numpy(float)
    summary = summarize(results)
    assert summary.scores.loc["pix2pix", "psnr"] == pytest.approx(means.mean())
    assert summary.spread.loc["pix2pix", "psnr"] == pytest.approx(means.std(ddof=1))
    assert summary.rows.loc["pix2pix", ["seeds", "expected", "scored"]].tolist() == [3, 36, 36]
    assert "psnr_spread" in summary.table()


def test_one_seed_has_no_spread(maker):
    summary = summarize(maker.run(methods=("gray",)))
    assert summary.spread.isna().all(axis=None)
    assert not [column for column in summary.table() if column.endswith("_spread")]


def test_failed_cells_stay_with_status_and_coverage(maker):
    rows = summarize(maker.run(photos=12, failures=True)).rows
    late, lost = rows.loc["resnet34-classification"], rows.loc["resnet34-regression"]
    assert (late["status"], late["scored"], late["expected"]) == ("timeout", 10, 12)
    assert (lost["status"], lost["scored"], lost["coverage"]) == ("failed", 0, 0.0)


def test_one_of_several_seeds_failing_is_reported(maker):
    results = maker.run(methods=("gray", "pix2pix"), seeds=(0, 1, 2), failures=True)
    rows = summarize(results).rows
    assert rows.loc["pix2pix", "status"] == "failed, timeout (2 of 3 seeds)"
    assert rows.loc["pix2pix", "scored"] == 12 + 10


def test_a_run_in_which_everything_failed_still_has_its_rows(maker):
    results = maker.run(methods=("gray", "pix2pix"))
    nothing = replace(results, images=results.images.iloc[:0], cells=results.cells.assign(status="failed"))
    summary = summarize(nothing)
    assert list(summary.rows["scored"]) == [0, 0]
    assert summary.photos == 12
    assert summary.contenders().empty


def test_methods_with_missing_photos_and_oracles_do_not_contend(maker):
    contenders = summarize(maker.run(failures=True)).contenders()
    assert "gray" in contenders
    assert not {"resnet34-classification", "resnet34-regression", "oracle-lowres"} & set(contenders)


@pytest.mark.parametrize("status", ["undecodable", "left out"])
def test_a_photo_without_a_score_from_any_method_disqualifies_none(maker, status):
    results = maker.run(methods=("gray", "pix2pix"))
    broken = results.images["photo"] == "im0003.jpg"
    images = results.images.assign(status=results.images["status"].mask(broken, status))
    summary = summarize(replace(results, images=images))
    assert list(summary.contenders()) == ["gray", "pix2pix"]
    assert list(summary.rows["coverage"]) == [11 / 12, 11 / 12]


def test_a_missing_value_makes_the_mean_missing_instead_of_one_over_fewer_photos(maker):
    results = maker.run(methods=("gray",))
    results.images.loc[3, "psnr"] = np.nan
    assert np.isnan(summarize(results).scores.loc["gray", "psnr"])


def test_an_infinite_psnr_is_not_dropped(maker):
    results = maker.run(methods=("oracle-roundtrip",))
    results.images.loc[3, "psnr"] = np.inf
    assert summarize(results).scores.loc["oracle-roundtrip", "psnr"] == np.inf


def test_without_near_grey_photos(maker):
    results = maker.run(methods=("gray",), photos=30, near_grey=0.3)
    colourful = results.images[~results.images["near_grey"].astype(bool)]
    assert 0 < len(colourful) < 30
    summary = summarize(results, near_grey=False)
    assert summary.photos == len(colourful)
    assert summary.rows.loc["gray", "expected"] == len(colourful)
    assert summary.scores.loc["gray", "psnr"] == pytest.approx(colourful["psnr"].mean())
    assert "fid" not in summary.scores, "a value stored for all photos says nothing of some"


def test_a_photo_known_near_grey_to_one_cell_is_so_for_all(maker):
    results = maker.run(methods=("gray", "pix2pix"), photos=10, near_grey=1.0)
    images = results.images
    images.loc[images["method"] == "pix2pix", ["status", "near_grey"]] = ["failed", pd.NA]
    assert summarize(replace(results, images=images), near_grey=False).photos == 0


def test_a_photo_with_unknown_near_grey_counts_as_missing(maker):
    results = maker.run(methods=("gray",), photos=10, near_grey=0.0)
    results.images.loc[0, "status"], results.images.loc[0, "near_grey"] = "undecodable", pd.NA
    rows = summarize(results, near_grey=False).rows
    assert rows.loc["gray", ["expected", "scored"]].tolist() == [10, 9]


def test_a_category_counts_its_own_photos(maker):
    results = maker.run(methods=("gray", "pix2pix"), photos=11, failures=True)
    summary = summarize(results, category="desert")
    assert summary.photos == 5
    rows = results.images[(results.images["category"] == "desert") & (results.images["method"] == "gray")]
    assert summary.scores.loc["gray", "psnr"] == pytest.approx(rows["psnr"].dropna().mean())
    assert summary.rows.loc["pix2pix", ["expected", "scored"]].tolist() == [5, 0]


def test_categories_are_sorted_and_a_single_one_is_none(maker):
    assert categories(maker.run(methods=("gray",), categories=("sea", "Japan"))) == ["Japan", "sea"]
    assert categories(maker.run(methods=("gray",), categories=("sea",))) == []
    assert categories(maker.run(methods=("gray",), categories=())) == []


def test_of_many_categories_those_with_the_most_photos_are_taken(maker, monkeypatch):
    monkeypatch.setattr("huebench.reports.analysis.summary.MOST_CATEGORIES", 2)
    results = maker.run(methods=("gray", "pix2pix"), photos=10, categories=("c", "b", "a"))  # 4, 3 and 3
    assert categories(results) == ["a", "c"]
    assert count_by_category(results) == {"a": 3, "b": 3, "c": 4}


def run_of(directions: dict[str, str], scores: dict[str, list[float]]):
    """Return images, cells and metrics of methods a, b, c over one photo, with these scores."""
    metrics = tuple(
        MetricFacts(name, name, "", direction, "", "", "mean", (name, f"{name}_truth"))
        for name, direction in directions.items()
    )
    cells = pd.DataFrame(
        {
            "cell": list("abc"),
            "method": list("abc"),
            "family": "deep",
            "oracle": False,
            "seed": 0,
            "status": "ok",
            "expected": 1,
        }
    )
    columns = [*IMAGE_COLUMNS, *scores, *(f"{name}_truth" for name in scores)]
    images = pd.DataFrame(
        {"cell": list("abc"), "method": list("abc"), "photo": "p", "status": "ok", **scores}, columns=columns
    )
    return images, cells, metrics


@pytest.mark.parametrize(
    ("direction", "truth", "best"),
    [("higher", np.nan, "c"), ("lower", np.nan, "a"), ("target", 2.2, "b"), ("none", 2.2, None)],
)
def test_best_follows_the_direction(maker, direction, truth, best):
    images, cells, metrics = run_of({"x": direction}, {"x": [1.0, 2.0, 3.0]})
    base = maker.run(methods=("gray",))
    cells = cells.reindex(columns=base.cells.columns)
    run = replace(base.run, metrics=metrics)
    badness = summarize(Results(run, cells, images.assign(x_truth=truth), base.curves)).badness(metrics[0])
    assert (badness.idxmin() if len(badness) else None) == best


def test_a_target_that_is_not_known_has_no_best(maker):
    images, cells, metrics = run_of({"x": "target"}, {"x": [1.0, 2.0, 3.0]})
    base = maker.run(methods=("gray",))
    run = replace(base.run, metrics=metrics)
    summary = summarize(Results(run, cells.reindex(columns=base.cells.columns), images, base.curves))
    assert summary.badness(metrics[0]).empty
