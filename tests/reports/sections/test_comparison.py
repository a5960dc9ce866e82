from dataclasses import replace

import numpy as np
import pytest

from huebench.reports.analysis.comparison import compare_runs
from huebench.reports.analysis.gate import breaches, parse_limits
from huebench.reports.formats import markdown
from huebench.reports.sections import comparison as section


def compare_markdown(comparison, limits=(), broken=(), *, everything=False):
    return markdown.render(section.blocks(comparison, limits, broken, everything=everything))


@pytest.fixture
def results(maker):
    return maker.run(methods=("gray", "fusion"), photos=20)


@pytest.fixture
def after(results):
    images = results.images.copy()
    worse = np.linspace(-1.5, -0.1, 20)
    images.loc[images["method"] == "fusion", "psnr"] += worse
    cells = results.cells.copy()
    cells.loc[cells["method"] == "fusion", "images_per_second"] /= 3
    run = replace(results.run, versions={**results.run.versions, "torch": "2.16.0"})
    return replace(results, images=images, cells=cells, run=run)


def test_a_run_and_itself_have_no_change_and_no_table(results):
    said = compare_markdown(compare_runs(results, results))
    assert said.startswith("## Comparison of two runs: no change\n")
    assert "|" not in said
    assert "2 methods, 11 metrics, 20 photos of `landscapes`, protocol `5f2c9a0e11d4`" in said
    assert said.count(results.run.command) == 2


def test_one_of_a_kind_is_singular(maker):
    results = maker.run(methods=("gray",), photos=20)
    first = results.images["photo"].iloc[0]
    run = replace(results.run, metrics=results.run.metrics[:1])
    results = replace(results, run=run, images=results.images[results.images["photo"] == first])
    assert "\n1 method, 1 metric, 1 photo of `landscapes`" in compare_markdown(compare_runs(results, results))


def test_changes_are_rows_and_possible_causes_a_sentence(results, after):
    said = compare_markdown(compare_runs(results, after))
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in said.splitlines() if "|" in line]
    assert said.startswith("## Comparison of two runs: 1 worse of 22 values\n")
    assert [row[:2] for row in rows if "worse" in row] == [["fusion", "PSNR"]]
    change = next(row for row in rows if "worse" in row)
    assert change[4] == "−0.80"
    assert change[7] == "0%"
    assert change[8] == "\\<\xa00.001"
    assert next(row for row in rows if row[0] == "fusion" and len(row) == 4)[3] == "+200%"
    assert "The runs also differ in: torch: 2.15.0 → 2.16.0." in said
    assert len([row for row in rows if row[:2] == ["gray", "PSNR"]]) == 0


def test_everything_can_be_shown(results, after):
    said = compare_markdown(compare_runs(results, after), everything=True)
    assert sum(line.startswith(("| gray", "| fusion")) for line in said.splitlines()) == 22 + 2


def test_a_broken_limit_comes_first_with_the_photos_that_made_the_difference(results, after):
    comparison = compare_runs(results, after)
    limits = parse_limits("psnr:-0.2,ssim:-0.01", comparison.metrics)
    said = compare_markdown(comparison, limits, breaches(comparison, limits))
    assert said.index("**Failed** `psnr:-0.2,ssim:-0.01`") < said.index("| PSNR")
    assert "most on `im0000.jpg` −1.50, `im0001.jpg` −1.43, `im0002.jpg` −1.35" in said


def test_kept_limits_are_said(results):
    comparison = compare_runs(results, results)
    limits = parse_limits("psnr:-0.2", comparison.metrics)
    assert "**Passed** `psnr:-0.2`." in compare_markdown(comparison, limits, breaches(comparison, limits))


def test_methods_on_one_side_alone_and_times_of_two_machines_are_pointed_out(maker, results):
    after = maker.run(methods=("gray", "pix2pix"), photos=20)
    after = replace(after, run=replace(after.run, machine={**after.run.machine, "processor": "Epyc"}))
    said = compare_markdown(compare_runs(results, after))
    assert "Scored fewer photos than before: fusion (20 → 0)." in said
    assert "Only after: pix2pix." in said
    assert "These times are hard to compare: the runs differ in processor: Xeon → Epyc." in said


def test_names_from_outside_are_escaped(results, after):
    for run in (results, after):
        run.images["method"] = run.images["method"].astype(str) + "|<b>"
        run.cells["method"] = run.cells["method"].astype(str) + "|<b>"
    assert r"fusion\|\<b\>" in compare_markdown(compare_runs(results, after))
