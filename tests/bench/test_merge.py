import shutil
from dataclasses import replace

import pytest

import huebench
from huebench import UserError
from huebench.bench.merge import merge
from huebench.bench.plan.cell import Cell
from huebench.reports.tables import read_results, write_results

METRICS = ("psnr", "auc", "auc_rebalanced", "colorfulness")


@pytest.fixture(scope="module")
def other_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("other") / "ben"
    huebench.run(methods="gray,mine=random-ab", limit=3, metrics=METRICS, out=out)
    return out


@pytest.fixture
def runs(run, other_run):
    return [read_results(run), read_results(other_run)]


def changed(results, **code):
    """Return a run whose methods of the given names have another code and key."""
    labels = results.cells["method"].str.replace("-", "_")
    keys = {
        cell: code[label] for cell, label in zip(results.cells["cell"], labels, strict=True) if label in code
    }
    tables = {
        name: getattr(results, name).assign(cell=getattr(results, name)["cell"].replace(keys))
        for name in ("cells", "images", "curves", "accuracy_curves")
    }
    return replace(results, **tables)


def test_methods_of_both_runs_are_in_one_table_and_a_shared_one_once(runs, tmp_path):
    results, report, renamed = merge(runs, tmp_path / "team", "bench merge a b --out team")
    assert sorted(results.cells["method"]) == ["gray", "mean-ab", "mine"]
    assert not renamed
    assert len(results.images) == 3 * 3
    values = results.images.set_index(["method", "photo"])["psnr"]
    for one in runs:
        own = one.images.set_index(["method", "photo"])["psnr"]
        assert values[own.index].tolist() == own.tolist()
    assert report.is_file()
    assert results.run.command == "bench merge a b --out team"
    assert len(results.run.options["merged"]) == 2
    assert read_results(tmp_path / "team").cells["cell"].is_unique


def test_a_merged_run_is_a_run_folder_like_any_other(bench, run, other_run, tmp_path):
    code, output = bench("merge", run, other_run, "--out", "team")
    assert code == 0, output
    assert "report: " in output
    assert bench("report", "team", "--methods", "mine,gray")[0] == 0
    code, output = bench("compare", run, "team")
    assert code == 0, output
    assert "no change" in output
    photo = next((tmp_path / "team" / "pictures").rglob("*.png"))
    code, output = bench("colorize", photo, "--from", "team", "--method", "mine", "--out", "colour")
    assert code == 0, output
    assert len(list((tmp_path / "colour").glob("*.png"))) == 1


def test_one_method_with_two_keys_is_kept_under_two_names(runs, tmp_path):
    shutil.copytree(runs[1].folder, tmp_path / "ben")
    write_results(changed(runs[1], gray="0" * 16), tmp_path / "ben")
    shutil.rmtree(tmp_path / "ben" / "cells")  # a committed baseline
    other = read_results(tmp_path / "ben")
    results, _, renamed = merge([runs[0], other], tmp_path / "team", "")
    assert renamed == {"gray": ["gray (out)", "gray (ben)"]}
    assert sorted(results.cells["method"]) == ["gray (ben)", "gray (out)", "mean-ab", "mine"]
    key = results.cells.set_index("method")["cell"]["gray (out)"]
    assert Cell.read(tmp_path / "team", key).label == "gray (out)"


def test_a_method_that_failed_in_one_run_is_taken_from_the_other(runs, tmp_path):
    cells = runs[0].cells.copy()
    cells.loc[cells["method"] == "gray", ["status", "reason"]] = ["failed", "out of luck"]
    failed = replace(runs[0], cells=cells, images=runs[0].images[runs[0].images["method"] != "gray"])
    results, _, renamed = merge([failed, runs[1]], tmp_path / "team", "")
    assert results.cells.set_index("method")["status"].to_dict() == dict.fromkeys(
        ("mean-ab", "gray", "mine"), "ok"
    )
    assert not renamed


def test_another_protocol_is_refused_with_both_values(bench, run):
    bench("run", "--methods", "gray", "--limit", 3, "--metrics", "psnr", "--size", 32, "--out", "small")
    code, output = bench("merge", run, "small", "--out", "team")
    assert code == 2
    assert "cannot be merged" in output
    assert "size: 128 → 32" in output


def test_another_budget_is_refused_with_both_values(runs, tmp_path):
    full = replace(runs[1], run=replace(runs[1].run, options={**runs[1].run.options, "budget": "full"}))
    with pytest.raises(UserError, match=r"trained differently \(budget: quick → full"):
        merge([runs[0], full], tmp_path / "team", "")


def test_a_run_folder_is_never_overwritten(runs):
    with pytest.raises(UserError, match="is a run folder already"):
        merge(runs, runs[0].folder, "")
    with pytest.raises(UserError, match="two runs or more"):
        merge(runs[:1], runs[0].folder, "")


def test_links_in_a_run_are_not_followed(runs, tmp_path):
    (tmp_path / "secret").write_text("secret")
    cell = Cell.read(runs[0].folder, runs[0].cells["cell"].iloc[0])
    (cell.folder / "link").symlink_to(tmp_path / "secret")
    merge(runs, tmp_path / "team", "")
    assert not (Cell.read(tmp_path / "team", cell.key).folder / "link").exists()
