import shutil

import pytest


@pytest.fixture
def run(bench, tmp_path):
    arguments = ("--methods", "gray,mean-ab", "--limit", 3, "--metrics", "psnr,colorfulness", "--out", "out")
    assert bench("run", *arguments)[0] == 0
    return tmp_path / "out"


def test_every_format_is_written_and_named(bench, run):
    code, output = bench("report", run, "--format", "md,html,latex,csv")
    assert code == 0
    paths = [line.removeprefix("report: ") for line in output.splitlines() if line.startswith("report: ")]
    assert [path.rpartition("/")[2] for path in paths] == ["report.md", "report.html", "latex", "csv"]


def test_the_report_does_not_depend_on_where_the_run_lies(bench, run, tmp_path):
    bench("report", run)
    shutil.move(run, tmp_path / "moved")
    before = (tmp_path / "moved" / "report.md").read_bytes()
    (tmp_path / "moved" / "report.md").unlink()
    assert bench("report", tmp_path / "moved")[0] == 0
    assert (tmp_path / "moved" / "report.md").read_bytes() == before


def test_an_unknown_format_and_a_folder_without_a_run_are_mistakes(bench, run, tmp_path):
    assert bench("report", run, "--format", "pdf")[0] == 2
    code, output = bench("report", tmp_path / "nowhere")
    assert code == 2
    assert "nowhere" in output
    assert "Traceback" not in output


def test_a_baseline_has_report_and_tables_and_no_pictures(bench, run, tmp_path):
    code, output = bench("report", run, "--out", tmp_path / "docs" / "baseline")
    assert code == 0
    assert "baseline/report.md" in output
    baseline = tmp_path / "docs" / "baseline"
    assert not (baseline / "pictures").exists()
    code, output = bench("compare", baseline, run)
    assert code == 0
    assert "no change" in output
    before = (baseline / "report.md").read_bytes()
    assert before == (run / "report.md").read_bytes()
    (baseline / ".report.json").unlink()
    assert bench("report", baseline, "--format", "md,html")[0] == 0
    assert "Gallery" not in (baseline / "report.md").read_text()
    (tmp_path / "file").write_text("")
    code, output = bench("report", run, "--out", tmp_path / "file")
    assert code == 2
    assert "file" in output
