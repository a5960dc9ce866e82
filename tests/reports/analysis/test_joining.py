from dataclasses import replace

import pytest

from huebench import UserError
from huebench.reports.analysis.joining import check_joinable, chosen_rows, join
from huebench.reports.tables import EXAMPLE_COLUMNS, TABLES, typed


def part(results, methods, folder, **facts):
    """Return a run with some of the methods of another, in another folder."""
    tables = {name: getattr(results, name)[getattr(results, name)["method"].isin(methods)] for name in TABLES}
    return replace(results, **tables, folder=folder, run=replace(results.run, **facts))


@pytest.fixture
def runs(maker, tmp_path):
    whole = maker.run(methods=("gray", "mean-ab", "encoder-decoder"), photos=5)
    return [
        part(whole, ["gray", "mean-ab"], tmp_path / "anna", command="first"),
        part(whole, ["gray", "encoder-decoder"], tmp_path / "ben", command="second"),
    ]


def changed(run, method, **columns):
    cells = run.cells.copy()
    cells.loc[cells["method"] == method, list(columns)] = list(columns.values())
    return replace(run, cells=cells)


def test_every_value_is_as_in_its_run_and_a_shared_result_there_once(runs):
    rows = chosen_rows(runs)
    joined = join(runs, rows, "bench merge")
    assert list(joined.cells["method"]) == ["gray", "mean-ab", "encoder-decoder"]
    values = joined.images.set_index(["method", "photo"])["psnr"]
    assert len(values) == 3 * 5
    for run in runs:
        own = run.images.set_index(["method", "photo"])["psnr"]
        assert values[own.index].tolist() == own.tolist()
    assert joined.run.command == "bench merge"
    assert joined.run.options["merged"] == ["anna: first", "ben: second"]


def test_choices_of_references_stay_in_the_runs(runs):
    apart = typed(runs[0].images.assign(choice="random"), EXAMPLE_COLUMNS)
    both = [replace(runs[0], examples=apart), runs[1]]
    assert join(both, chosen_rows(both), "").examples.empty


def test_facts_that_differ_are_all_told(runs):
    other = {**runs[1].run.machine, "processor": "another"}
    both = [runs[0], replace(runs[1], run=replace(runs[1].run, machine=other))]
    joined = join(both, chosen_rows(both), "")
    assert joined.run.machine["processor"] == f"{runs[0].run.machine['processor']} / another"
    assert joined.run.versions == runs[0].run.versions


def test_a_metric_that_one_run_could_compute_is_available(runs):
    metrics = [
        replace(each, unavailable="") if each.name == "lpips" else each for each in runs[1].run.metrics
    ]
    both = [runs[0], replace(runs[1], run=replace(runs[1].run, metrics=tuple(metrics)))]
    known = {metric.name: metric.unavailable for metric in join(both, chosen_rows(both), "").run.metrics}
    assert known["lpips"] == ""


def test_another_key_or_other_code_gives_two_rows(runs):
    other_key = changed(runs[1], "gray", cell="another")
    assert list(chosen_rows([runs[0], other_key])["label"]) == [
        "gray (anna)", "mean-ab", "gray (ben)", "encoder-decoder",
    ]  # fmt: skip
    coded = [changed(runs[0], "gray", code="a"), changed(runs[1], "gray", cell="b", seed=1, code="b")]
    assert {"gray (anna)", "gray (ben)"} < set(chosen_rows(coded)["label"])
    same = [changed(runs[0], "gray", code="a"), changed(runs[1], "gray", cell="b", seed=1, code="a")]
    assert list(chosen_rows(same)["label"]).count("gray") == 2, "another seed of the same method"


def test_a_success_replaces_a_failure(runs):
    failed = changed(runs[0], "gray", status="failed")
    rows = chosen_rows([failed, runs[1]])
    assert rows.set_index("label")["run"].to_dict() == {"mean-ab": 0, "gray": 1, "encoder-decoder": 1}
    rows = chosen_rows([failed, changed(runs[1], "gray", status="failed")])
    assert list(rows["label"]).count("gray") == 1


def test_folders_of_one_name_are_told_apart(runs, tmp_path):
    both = [replace(run, folder=tmp_path / name / "run") for run, name in zip(runs, "ab", strict=True)]
    rows = chosen_rows([both[0], changed(both[1], "gray", cell="another")])
    assert {"gray (a/run)", "gray (b/run)"} < set(rows["label"])


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"protocol_digest": "other"}, "differ in their protocols"),
        ({"options": {"budget": "full"}}, "trained differently .*budget: quick → full"),
        (
            {"dataset": {"learned from": {"fingerprint": "f00"}}},
            "trained differently .*learned from: none → f00",
        ),
    ],
)
def test_runs_that_do_not_belong_together_are_refused_with_both_values(runs, facts, told):
    other = runs[1].run
    new = {
        name: {**getattr(other, name), **value} if isinstance(value, dict) else value
        for name, value in facts.items()
    }
    with pytest.raises(UserError, match=told):
        check_joinable(runs[0], replace(runs[1], run=replace(other, **new)), "merged")
