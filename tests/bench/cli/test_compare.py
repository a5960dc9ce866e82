import shutil
from dataclasses import replace

import pytest

from huebench.reports.tables import read_results, write_results


@pytest.fixture
def runs(run, tmp_path):
    baseline = tmp_path / "baseline"
    baseline.mkdir()
    for path in [*run.glob("*.parquet"), run / "run.json"]:
        shutil.copy(path, baseline)
    return run, baseline


def test_a_run_and_its_committed_baseline_have_no_change(bench, runs):
    code, output = bench("compare", *runs)
    assert code == 0
    assert "Comparison of two runs: no change" in output


def test_a_broken_limit_ends_with_1_and_its_summary(bench, runs):
    better = read_results(runs[1])
    better = replace(better, images=better.images.assign(psnr=better.images["psnr"] + 1))
    write_results(better, runs[1])
    code, output = bench("compare", runs[1], runs[0], "--fail-on", "psnr:-0.5")
    assert code == 1
    assert "**Failed** `psnr:-0.5`" in output
    assert bench("compare", runs[1], runs[0])[0] == 0
    code, output = bench("compare", runs[1], runs[0], "--fail-on", "psnr:-2", "--all")
    assert code == 0
    assert "**Passed** `psnr:-2`" in output
    assert "| mean-ab" in output


@pytest.mark.parametrize(
    ("options", "field"), [(("--size", 32), "size: 128 → 32"), (("--split", "validation"), "split: test")]
)
def test_another_protocol_or_other_photos_are_refused(bench, runs, options, field):
    bench("run", "--methods", "gray", "--limit", 3, "--metrics", "psnr", *options, "--out", "b")
    code, output = bench("compare", runs[0], "b")
    assert code == 2
    assert field in output


def test_mistakes_are_one_message(bench, runs):
    code, output = bench("compare", *runs, "--fail-on", "psnr:+1")
    assert code == 2
    assert "give the allowed decrease: psnr:-1" in output
    code, output = bench("compare", runs[0], "nowhere")
    assert code == 2
    assert "'nowhere' is not a run folder" in output


def test_formats_are_written_beside_the_output(bench, runs, tmp_path):
    code, output = bench("compare", *runs, "--format", "md,json,junit", "--out", "compared")
    assert code == 0
    written = tmp_path / "compared"
    assert sorted(path.name for path in written.iterdir()) == [
        "comparison.json",
        "comparison.md",
        "comparison.xml",
    ]
    assert (written / "comparison.md").read_text() == output
    code, output = bench("compare", *runs, "--format", "pdf")
    assert code == 2
    assert "unknown format of a comparison 'pdf'; known: md, json, junit" in output
