from dataclasses import replace

import pandas as pd
import pytest

from huebench import UserError
from huebench.reports.analysis.joining import check_joinable, chosen_rows, join
from huebench.reports.tables import DEGRADED_COLUMNS, EXAMPLE_COLUMNS, TABLES, typed


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


def changed(run, label, **columns):
    cells = run.cells.copy()
    cells.loc[cells["method"] == label, list(columns)] = list(columns.values())
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
    assert joined.run.options["merged"] == {"anna": "first", "ben": "second"}


def with_degraded(run, method, name, **changes):
    """Return a run whose method was scored under a degradation, too, with the scores of its clean photos."""
    images = run.images[run.images["method"] == method]
    given = {"cell": f"{method} {name}", "degradation": name, **changes}
    degraded = pd.concat([run.degraded, images.assign(**given)])
    return replace(run, degraded=typed(degraded, DEGRADED_COLUMNS))


def test_every_table_is_joined(runs):
    """Whatever the run that has it: a shared method's degradations, and choices of references."""
    own_choice = typed(runs[1].images.assign(choice="similar"), EXAMPLE_COLUMNS)
    both = [with_degraded(runs[0], "gray", "fade"), replace(runs[1], examples=own_choice)]
    both[1] = with_degraded(with_degraded(both[1], "gray", "fade"), "gray", "blur")
    joined = join(both, chosen_rows(both), "")
    assert set(joined.tables) == set(TABLES)
    assert all(len(table) for table in joined.tables.values())
    assert joined.degraded.groupby(["method", "degradation"]).size().to_dict() == {
        ("gray", "fade"): 5,
        ("gray", "blur"): 5,
    }
    assert set(joined.examples["method"]) == {"gray", "encoder-decoder"}
    assert list(joined.degraded.columns) == list(both[0].degraded.columns)


def test_degraded_photos_belong_to_the_result_that_was_chosen(runs):
    apart = [
        with_degraded(runs[0], "gray", "fade"),
        with_degraded(changed(runs[1], "gray", cell="another"), "gray", "fade", cell="another fade"),
    ]
    joined = join(apart, chosen_rows(apart), "")
    assert set(joined.degraded["method"]) == {"gray (anna)", "gray (ben)"}
    failed = with_degraded(changed(runs[0], "gray", cell="old", status="failed"), "gray", "fade")
    failed.degraded["status"] = "skipped"
    both = [failed, with_degraded(runs[1], "gray", "fade", cell="new fade")]
    assert set(join(both, chosen_rows(both), "").degraded["cell"]) == {"new fade"}
    late = with_degraded(runs[0], "gray", "fade", seed=7)
    assert set(join([late, runs[1]], chosen_rows([late, runs[1]]), "").degraded["method"]) == {"gray"}


def test_the_number_of_hints_stays_at_the_end_of_a_name(runs):
    hinted = [changed(run, "gray", method="levin@20", hints=20) for run in runs]
    assert "levin@20" in set(chosen_rows(hinted)["label"])
    hinted[1] = changed(hinted[1], "levin@20", cell="another")
    assert {"levin (anna)@20", "levin (ben)@20"} < set(chosen_rows(hinted)["label"])


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
