from dataclasses import replace

import pytest

import huebench
from huebench import UserError
from huebench.bench.colorize.from_run import labels_of_run, of_run
from huebench.bench.plan.cell import Cell
from huebench.bench.plan.plan import make_plan
from huebench.bench.plan.request import Request
from huebench.reports.tables import read_results

METRICS = ("psnr", "auc", "auc_rebalanced", "colorfulness")


def test_under_another_name_nothing_is_computed_again(run):
    before = read_results(run)
    files = {path: path.stat().st_mtime_ns for path in (run / "cells").rglob("status.json")}
    results = huebench.run(methods="Ours (v2)=gray,mean-ab", limit=3, metrics=METRICS, out=run)
    assert list(results.cells["method"]) == ["Ours (v2)", "mean-ab"]
    assert list(results.cells["cell"]) == list(before.cells["cell"])
    assert {path: path.stat().st_mtime_ns for path in (run / "cells").rglob("status.json")} == files
    for table in (results.images, results.accuracy_curves):
        assert set(table["method"]) == {"Ours (v2)", "mean-ab"}
    assert Cell.read(run, results.cells["cell"].iloc[0]).label == "Ours (v2)"
    assert "Ours (v2)" in (run / "report.md").read_text()


def test_one_method_typed_in_two_ways_is_one_row_with_its_name(tmp_path):
    request = Request.of(methods="pixel-knn,mine=pixel-knn[neighbours=5]", out=tmp_path / "run", limit=2)
    assert [cell.label for cell in make_plan(request).cells] == ["mine"]


def test_every_row_says_what_code_it_comes_from_and_how_large_it_is(run):
    results = read_results(run)
    assert results.cells["code"].str.fullmatch("[0-9a-f]{16}").all()
    assert results.cells["code"].is_unique
    assert (results.cells["model_mb"] > 0).all()
    assert any("code" in name for name in results.run.versions)


def test_a_method_of_a_run_is_found_by_its_name_or_however_it_is_typed(run):
    results = read_results(run)
    rows = results.cells.copy()
    rows.loc[0, ["method", "name", "parameters"]] = [
        "mine",
        "pixel-knn",
        '{"samples": "50", "neighbours": "3"}',
    ]
    results = replace(results, cells=rows)
    typed = "pixel-knn[neighbours=3,samples=50]"
    assert labels_of_run(results, f"mine,mean-ab,{typed},gray") == ["mine", "mean-ab", "mine", "gray"]
    with pytest.raises(UserError, match="only reports and runs name rows"):
        labels_of_run(results, "a=mine")


def test_a_method_from_a_run_keeps_its_name(run):
    huebench.run(methods="mine=gray,mean-ab", limit=3, metrics=METRICS, out=run)
    (colorist,) = of_run(read_results(run), "mine", "cpu")
    assert colorist.label == "mine"
