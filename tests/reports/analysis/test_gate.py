from dataclasses import replace

import pytest

from huebench import UserError
from huebench.reports.analysis.comparison import compare_runs
from huebench.reports.analysis.gate import Breach, breaches, parse_limits
from huebench.reports.sections.comparison import blocks


@pytest.fixture
def results(maker):
    return maker.run(methods=("gray", "fusion"), photos=20)


def shifted(results, method, column, change):
    images = results.images.copy()
    images.loc[images["method"] == method, column] += change
    return replace(results, images=images)


def found(before, after, text):
    comparison = compare_runs(before, after)
    return breaches(comparison, parse_limits(text, comparison.metrics))


@pytest.mark.parametrize(
    ("column", "change", "limit", "broken"),
    [
        ("psnr", -0.3, "psnr:-0.2", True),
        ("psnr", -0.2, "psnr:-0.2", False),  # just the limit
        ("psnr", -0.1, "psnr:-0.2", False),
        ("psnr", 0.3, "psnr:-0.2", False),  # better is never too much
        ("psnr", -0.001, "psnr:-0", True),
        ("psnr", -0.3, "psnr:-1%", True),
        ("psnr", -0.2, "psnr:-1%", False),
        ("delta_e2000", 0.3, "delta_e2000:+.2", True),
        ("delta_e2000", -0.3, "delta_e2000:+0.2", False),
        ("accuracy@5", -0.02, "accuracy@5:-0.01", True),
    ],
)
def test_a_limit_is_broken_by_a_larger_change_for_the_worse(results, column, change, limit, broken):
    assert bool(found(results, shifted(results, "fusion", column, change), limit)) == broken


def test_a_breach_names_the_method_the_limit_and_the_change(results):
    after = shifted(results, "gray", "auc", -0.01)
    was = results.images.loc[results.images["method"] == "gray", "auc"].mean()
    assert found(results, after, "psnr:-0.1, auc:-0.005") == [
        Breach("gray", "auc:-0.005", f"−0.0100 ({was:.4f} → {was - 0.01:.4f})", "auc")
    ]


@pytest.mark.parametrize(("factor", "broken"), [(0.8, True), (0.95, False), (1.5, False)])
def test_time_is_limited_by_a_share(results, factor, broken):
    cells = results.cells.copy()
    cells.loc[cells["method"] == "fusion", "images_per_second"] *= factor
    said = found(results, replace(results, cells=cells), "time:+10%")
    assert said == ([Breach("fusion", "time:+10%", "+25%")] if broken else [])


def test_time_of_another_machine_is_not_judged(results):
    machine = {**results.run.machine, "cores": "64"}
    other = replace(results, run=replace(results.run, machine=machine))
    with pytest.raises(UserError, match="times are of one machine only, and these differ in cores: 2 → 64"):
        found(results, other, "time:+10%")
    assert found(results, other, "psnr:-0.2") == []


def test_a_method_that_scores_fewer_photos_fails_whatever_is_limited(maker, results):
    after = maker.run(methods=("gray", "fusion"), photos=20, failures=True)
    lost = [breach for breach in found(results, after, "ssim:-1") if not breach.metric]
    assert [(breach.method, breach.found) for breach in lost] == [
        ("gray", "18 photos scored, 20 before"),
        ("fusion", "0 photos scored, 20 before"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("psnr", "'psnr': write NAME:CHANGE with a signed number, as in psnr:-0.2"),
        ("", "'': write NAME:CHANGE"),
        ("psnr:0.2", "write NAME:CHANGE with a signed number"),
        ("psnr:-x", "write NAME:CHANGE"),
        ("psnr:-0.2,", "'': write NAME:CHANGE"),
        ("psrn:-0.2", "no metric 'psrn' in common; they have psnr, ssim, .*, and time"),
        ("psnr:+0.2", "higher is better, so give the allowed decrease: psnr:-0.2"),
        ("delta_e2000:-1%", r"lower is better, so give the allowed increase: delta_e2000:\+1%"),
        ("colorfulness:-1", "colorfulness has no better or worse"),
        ("time:-10%", r"time may only rise by a share of its old value, as in time:\+10%"),
        ("time:+1", r"as in time:\+10%"),
    ],
)
def test_an_invalid_limit_is_refused_with_an_example(results, text, message):
    with pytest.raises(UserError, match=message):
        parse_limits(text, compare_runs(results, results).metrics)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda images: images.assign(psnr=float("nan")),
        lambda images: images.drop(columns="psnr"),
        lambda images: images.assign(psnr=[float("inf"), *images["psnr"][1:]]),
        lambda images: images.assign(psnr=images["psnr"].where(images["photo"] != images["photo"].iloc[0])),
    ],
    ids=["not a number", "gone", "infinite", "of fewer photos"],
)
def test_values_of_a_limited_metric_that_are_lost_break_the_limit(results, spoil):
    after = replace(results, images=spoil(results.images))
    said = found(results, after, "psnr:-0.01")
    assert said
    assert all("without a finite value that had one before" in breach.found for breach in said)
    assert found(results, after, "ssim:-0.01") == []


@pytest.mark.parametrize(("column", "limit"), [("images_per_second", "time"), ("peak_memory_mb", "memory")])
def test_a_limited_cost_that_becomes_unknown_breaks_the_limit(results, column, limit):
    cells = results.cells.copy()
    cells.loc[cells["method"] == "fusion", column] = None
    said = found(results, replace(results, cells=cells), f"{limit}:+10%")
    assert said == [Breach("fusion", f"{limit}:+10%", "not known")]


@pytest.mark.parametrize(("factor", "broken"), [(1.25, True), (1.05, False), (0.5, False)])
def test_memory_is_limited_by_a_share(results, factor, broken):
    cells = results.cells.copy()
    cells.loc[cells["method"] == "fusion", "peak_memory_mb"] *= factor
    said = found(results, replace(results, cells=cells), "memory:+10%")
    assert said == ([Breach("fusion", "memory:+10%", "+25%")] if broken else [])


def test_the_heading_names_a_broken_limit_though_no_value_changed(results):
    after = replace(results, images=results.images.assign(psnr=float("nan")))
    comparison = compare_runs(results, after)
    limits = parse_limits("psnr:-0.01", comparison.metrics)
    heading = blocks(comparison, limits, breaches(comparison, limits), everything=False)[0].text
    assert "2 limits broken" in heading
    assert "no change" not in heading
