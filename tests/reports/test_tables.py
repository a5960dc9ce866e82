import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from huebench import UserError
from huebench.reports.tables import CELL_COLUMNS, IMAGE_COLUMNS, read_results, typed, write_results


def test_a_run_reads_back_as_it_was_written(maker, tmp_path):
    results = maker.run(methods=("gray", "encoder-decoder"), seeds=(0, 1), failures=True)
    write_results(results, tmp_path)
    again = read_results(tmp_path)
    assert again.run == results.run
    assert again.folder == tmp_path
    for name in ("cells", "images", "curves", "accuracy_curves"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(results, name).reset_index(drop=True))


def test_writing_leaves_nothing_but_the_five_files(maker, tmp_path):
    write_results(maker.run(methods=("gray",)), tmp_path / "run")
    names = {path.name for path in (tmp_path / "run").iterdir()}
    tables = {"cells", "images", "curves", "accuracy_curves"}
    assert names == {"run.json", *(f"{table}.parquet" for table in tables)}


def test_a_run_without_accuracy_curves_reads_as_one_that_has_none(maker, tmp_path):
    write_results(maker.run(methods=("gray",)), tmp_path)
    facts = json.loads((tmp_path / "run.json").read_text())
    del facts["tables"]
    (tmp_path / "run.json").write_text(json.dumps(facts | {"schema_version": 2}))
    (tmp_path / "accuracy_curves.parquet").unlink()
    assert read_results(tmp_path).accuracy_curves.empty


def test_typed_orders_the_columns_and_adds_missing_ones():
    table = typed(pd.DataFrame({"psnr": [1], "photo": ["a"], "cell": ["c"]}), IMAGE_COLUMNS)
    assert list(table.columns) == [*IMAGE_COLUMNS, "psnr"]
    assert table["psnr"].dtype == "Float64"
    assert table["near_grey"].isna().all()


def test_typed_keeps_no_foreign_index():
    cell = {"cell": "c", "oracle": False}
    assert list(typed(pd.DataFrame([cell, cell], index=[5, 5]), CELL_COLUMNS).index) == [0, 1]


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(UserError, match=r"is not a run folder: it has no run\.json"):
        read_results(tmp_path)


def test_a_newer_schema_is_refused(maker, tmp_path):
    results = maker.run(methods=("gray",))
    write_results(replace(results, run=replace(results.run, schema_version=99)), tmp_path)
    with pytest.raises(UserError, match="has schema 99, but this huebench reads up to 6"):
        read_results(tmp_path)


def test_runs_of_schema_1_have_the_headline_and_compared_metrics_of_then(maker, tmp_path):
    write_results(maker.run(methods=("gray",)), tmp_path)
    facts = json.loads((tmp_path / "run.json").read_text())
    for metric in facts["metrics"]:
        del metric["headline"], metric["compared"]
    (tmp_path / "run.json").write_text(json.dumps(facts | {"schema_version": 1}))
    run = read_results(tmp_path).run
    assert [metric.name for metric in run.metrics if metric.compared] == ["psnr", "auc", "auc_rebalanced"]
    further = {metric.name for metric in run.metrics if not metric.headline}
    assert further == {"delta_colorfulness_per_image", "auc_rebalanced_per_photo", "fid", "lpips"}
    assert run.schema_version == 6


@pytest.mark.parametrize("bounds", [None, [0.0, 1.0]])
def test_the_bounds_of_a_metric_are_known_or_not_in_runs_of_schema_5(maker, tmp_path, bounds):
    write_results(maker.run(methods=("gray",)), tmp_path)
    facts = json.loads((tmp_path / "run.json").read_text())
    for metric in facts["metrics"]:
        metric["bounds"] = bounds
    del facts["metrics"][0]["bounds"]  # as in its first runs
    (tmp_path / "run.json").write_text(json.dumps(facts | {"schema_version": 5}))
    first, *others = read_results(tmp_path).run.metrics
    assert first.bounds == (None, None)
    assert {metric.bounds for metric in others} == {tuple(bounds or (None, None))}


def test_a_bound_on_one_side_is_kept(maker, tmp_path):
    results = maker.run(methods=("gray",))
    metrics = tuple(replace(metric, bounds=(0.0, None)) for metric in results.run.metrics)
    write_results(replace(results, run=replace(results.run, metrics=metrics)), tmp_path)
    assert read_results(tmp_path).run.metrics == metrics


def test_the_rebalanced_auc_of_runs_before_schema_4_is_the_one_per_photo(maker, tmp_path):
    results = maker.run(methods=("gray",))
    averaged = tuple(
        replace(metric, aggregate="mean", columns=metric.columns[:1]) for metric in results.run.metrics
    )
    old = replace(results.run, metrics=averaged, schema_version=3)
    write_results(replace(results, run=old), tmp_path)
    read = read_results(tmp_path)
    metrics = {metric.name: metric for metric in read.run.metrics}
    then, now = metrics["auc_rebalanced_per_photo"], metrics["auc_rebalanced"]
    assert (then.columns, then.unavailable, then.headline, then.compared) == (
        ("auc_rebalanced",),
        "",
        False,
        False,
    )
    assert now.unavailable == "not measured: this run is older than its pooled definition"
    assert set(read.accuracy_curves["metric"]) == {"auc", "auc_rebalanced_per_photo"}


@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 1}', '{"schema_version": 1, "metrics": []}'])
def test_a_damaged_run_json_is_named(maker, tmp_path, text):
    write_results(maker.run(methods=("gray",)), tmp_path)
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(UserError, match=r"run\.json' is missing or damaged"):
        read_results(tmp_path)


def test_a_metric_with_unknown_facts_is_named(maker, tmp_path):
    write_results(maker.run(methods=("gray",)), tmp_path)
    facts = json.loads((tmp_path / "run.json").read_text())
    facts["metrics"][0]["colour"] = "red"
    (tmp_path / "run.json").write_text(json.dumps(facts))
    with pytest.raises(UserError, match="colour"):
        read_results(tmp_path)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"PAR1")])
def test_a_damaged_table_is_named(maker, tmp_path, damage):
    write_results(maker.run(methods=("gray",)), tmp_path)
    damage(tmp_path / "images.parquet")
    with pytest.raises(UserError, match=r"images\.parquet' is missing or damaged"):
        read_results(tmp_path)


@pytest.fixture
def two_runs(maker, tmp_path):
    """Write two runs of one method whose tables differ, and return their folders."""
    for name, seed in (("one", 0), ("other", 1)):
        write_results(maker.run(methods=("gray", "fusion"), seeds=(seed,)), tmp_path / name)
    return tmp_path / "one", tmp_path / "other"


@pytest.mark.parametrize("name", ["cells", "images"])
def test_a_table_of_another_run_is_refused(two_runs, name):
    one, other = two_runs
    (one / f"{name}.parquet").write_bytes((other / f"{name}.parquet").read_bytes())
    with pytest.raises(UserError, match=rf"{name}\.parquet' .* does not match run\.json"):
        read_results(one)


def test_an_edited_table_is_refused(two_runs):
    path = two_runs[0] / "images.parquet"
    images = pd.read_parquet(path)
    images.assign(psnr=images["psnr"] + 1).to_parquet(path)
    with pytest.raises(UserError, match=r"images\.parquet' is missing or damaged"):
        read_results(two_runs[0])


def test_a_run_json_of_this_schema_without_digests_is_refused(two_runs):
    path = two_runs[0] / "run.json"
    facts = json.loads(path.read_text())
    del facts["tables"]["images"]
    path.write_text(json.dumps(facts))
    with pytest.raises(UserError, match=r"run\.json' is missing or damaged"):
        read_results(two_runs[0])


def test_the_committed_runs_read_though_they_have_no_digests():
    results = Path(__file__).parents[2] / "docs" / "results"
    assert all(len(read_results(results / name).cells) for name in ("landscapes", "mirflickr"))
