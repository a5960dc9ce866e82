"""The tables of a run, from what its cells left."""

import numpy as np
import pytest

import huebench
from huebench.reports.tables import read_results


@pytest.fixture
def results(samples_run):
    return read_results(samples_run)


def test_the_area_under_the_mean_accuracy_curve_is_the_mean_auc(results):
    for (method, metric), curve in results.accuracy_curves.groupby(["method", "metric"]):
        images = results.images[results.images["method"] == method]
        weights = images["auc_rebalanced_weight"] if metric == "auc_rebalanced" else None
        mean = np.average(images[metric].to_numpy(float), weights=weights)
        accuracy = curve.sort_values("threshold")["accuracy"].to_numpy(float)
        assert np.trapezoid(accuracy) / 150 == pytest.approx(mean, abs=1e-6)
        assert curve["threshold"].tolist() == list(range(151))
    assert len(results.accuracy_curves) == 2 * 2 * 151


def test_the_table_of_photos_stays_tidy(results):
    assert not [column for column in results.images if column.endswith("_curve")]
    assert results.images.select_dtypes("object").empty


def test_only_a_method_that_ran_names_a_log(tmp_path):
    out = tmp_path / "out"
    huebench.run(methods="gray,mean-ab", split="all", limit=1, size=32, metrics="psnr", out=out)
    cells = read_results(out).cells.set_index("method")
    assert cells["status"].to_dict() == {"gray": "ok", "mean-ab": "skipped"}
    assert (out / cells.loc["gray", "log"]).is_file()
    assert cells["log"].isna().to_dict() == {"gray": False, "mean-ab": True}
