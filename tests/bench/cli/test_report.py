import json
import re
import shutil

from huebench.bench.web.study.answers import Answers
from huebench.bench.web.study.trials import draw_trials, find_pairs
from huebench.reports.tables import read_results


def test_every_format_is_written_and_named(bench, run):
    code, output = bench("report", run, "--format", "md,html,latex,csv")
    assert code == 0
    paths = [line.removeprefix("report: ") for line in output.splitlines() if line.startswith("report: ")]
    assert [path.rpartition("/")[2] for path in paths] == ["report.md", "report.html", "latex", "csv"]
    assert bench("report", run, "--format", "md,md")[1].count("report: ") == 1


def test_the_report_does_not_depend_on_the_path_of_the_run(bench, run, tmp_path):
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
    assert "nowhere' is not a run folder: it does not exist" in output
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


def test_a_readme_of_somebody_else_is_refused_before_anything_is_written(bench, run, tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "README.md").write_text("# My project")
    code, output = bench("report", run, "--out", tmp_path / "project")
    assert code == 2
    assert "project/README.md' is not a card of ours: move it, or choose another --out" in output
    assert [path.name for path in (tmp_path / "project").iterdir()] == ["README.md"]


def test_the_report_of_a_baseline_has_the_kernels_and_the_fool_rates(bench, run, tmp_path):
    timing = {"median": 0.5, "data": [0.5] * 1000}
    benchmark = {"group": "search", "name": "test", "params": {"library": "faiss"}, "extra_info": {}}
    machine = {"machine": "x86_64", "python_version": "3.11.7", "system": "Linux", "cpu": {}}
    text = json.dumps({"machine_info": machine, "benchmarks": [benchmark | {"stats": timing}]})
    (run / "speed.json").write_text(text)
    answers = Answers(run / "study.sqlite", 1.0)
    answers.add("somebody", trials := draw_trials(find_pairs(read_results(run), None), "somebody", 1, 2))
    for trial in trials:
        answers.keep("somebody", trial.number, "left", 0.5, 1.0)
    assert bench("report", run, "--out", tmp_path / "baseline")[0] == 0
    assert bench("report", tmp_path / "baseline", "--out", tmp_path / "again")[0] == 0
    for folder in ("baseline", "again"):
        said = (tmp_path / folder / "report.md").read_text()
        assert "faiss" in said
        assert "1 participant saw a real photo" in said
        assert (tmp_path / folder / "speed.json").stat().st_size < 1000
    rates = [bench("study", folder, "--results")[1].splitlines()[:-1] for folder in (run, tmp_path / "again")]
    assert rates[0] == rates[1]


def test_a_path_keeps_its_brackets(bench, run, tmp_path):
    assert (
        f"report: {tmp_path}/a[draft]/report.md\n" in bench("report", run, "--out", tmp_path / "a[draft]")[1]
    )


def test_a_report_of_chosen_methods_columns_and_title(bench, run, tmp_path):
    options = ("--methods", "Mine=gray", "--columns", "psnr,images_per_second", "--precision", 1)
    code, output = bench("report", run, "--out", tmp_path / "x", *options, "--title", "A paper")
    assert code == 0, output
    said = (tmp_path / "x" / "report.md").read_text()
    assert said.startswith("# A paper\n")
    assert re.search(r"\| Mine +\| +\**\d+\.\d\** +\|", said)
    assert (tmp_path / "x" / "report.html").is_file()
    for wrong in (("--methods", "nobody"), ("--columns", "mse")):
        assert bench("report", run, *wrong)[0] == 2


def test_a_figure_for_a_paper(bench, run, tmp_path):
    code, output = bench("figure", run, "--methods", "gray", "--format", "png", "--out", tmp_path / "x")
    assert code == 0, output
    assert output.strip().endswith("x/figure.png")
    assert (tmp_path / "x" / "figure.png").is_file()
    assert bench("figure", run, "--photos", "nothing.jpg")[0] == 2
