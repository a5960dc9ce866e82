"""Merged runs whose methods saw degraded photos, hints or several references, and what is done with one."""

import pandas as pd
import pytest

import huebench
from huebench.reports.tables import read_results

RUNS = {
    "ann": {"methods": "nearest-hint", "degrade": "fade"},
    "ben": {"methods": "color-transfer-reinhard", "references": "random", "degrade": "blur"},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two people's runs."""
    folder = tmp_path_factory.mktemp("runs")
    shared = {
        "dataset": "samples", "limit": 2, "size": 32, "metrics": "psnr,auc", "hints": "2",
        "keep_predictions": "all",
    }  # fmt: skip
    for name, own in RUNS.items():
        huebench.run(**shared, **own, out=folder / name)
    return [folder / name for name in RUNS]


@pytest.fixture
def team(bench, runs, tmp_path):
    """The folder of the merged run."""
    code, output = bench("merge", *runs, "--out", tmp_path / "team")
    assert code == 0, output
    return tmp_path / "team"


def scores(results, name):
    """Return the scores of a table by what tells its rows apart, without the place of the runs."""
    table = results.tables[name]
    keys = [column for column in ("method", "seed", "photo", "degradation", "choice") if column in table]
    return table.set_index(keys)["psnr"].sort_index()


@pytest.mark.slow
def test_every_table_and_picture_is_in_the_merged_run_and_it_is_scored_and_used_like_any_other(
    bench, runs, team
):
    parts, merged = list(map(read_results, runs)), read_results(team)
    for name in ("images", "degraded", "examples"):
        whole = [scores(part, name) for part in parts if len(part.tables[name])]
        pd.testing.assert_series_equal(scores(merged, name), pd.concat(whole).sort_index())
        pictures = merged.tables[name]["picture"]
        assert pictures.notna().sum() > 0
        assert all((team / path).is_file() for path in pictures.dropna())
    assert set(merged.degraded["degradation"]) == {"fade", "blur"}
    report = (team / "report.md").read_text()
    for heading in ("## Colour by hints", "## Colour by example", "## Degraded photos"):
        assert heading in report

    code, output = bench("score", team, "--metrics", "psnr,ssim")
    assert code == 0, output
    again = read_results(team)
    for name in ("images", "degraded", "examples"):
        assert scores(again, name).equals(scores(merged, name))
        assert again.tables[name]["ssim"].notna().all()

    photo = next((team / "pictures").rglob("*.png"))
    given = ("--method", "color-transfer-reinhard", "--reference", photo, "--out", "colour")
    code, output = bench("colorize", photo, "--from", team, *given)
    assert code == 0, output
    code, output = bench("report", team, "--methods", "mine=nearest-hint")
    assert code == 0, output
    assert "mine" in output
