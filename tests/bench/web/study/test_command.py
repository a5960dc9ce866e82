import builtins
import socket

from huebench.bench.web.study.answers import Answers
from huebench.bench.web.study.trials import draw_trials, find_pairs


def test_results_shows_the_rates(bench, make_run):
    results = make_run()
    assert bench("study", results.folder, "--results") == (0, "no answers yet\n")
    answers = Answers(results.folder / "study.sqlite", 1.0)
    answers.add("somebody", trials := draw_trials(find_pairs(results, "knn"), "somebody", 2, 4))
    for trial in trials:
        fooled = trial.number % 2
        side = {"left": "right", "right": "left"}[trial.real_side] if fooled else trial.real_side
        answers.keep("somebody", trial.number, side, 0.5, 1.0)
    code, output = bench("study", results.folder, "--results")
    assert code == 0
    assert [line.split()[:2] for line in output.splitlines()[1:2]] == [["knn", "50.0"]]
    assert "4 answers of 1 participant;" in output


def test_results_keep_the_brackets_of_labels_and_paths(bench, make_run, tmp_path):
    label = "net[epochs=2,width=3]"
    results = make_run()
    answers = Answers(results.folder / "study.sqlite", 1.0)
    trials = draw_trials(find_pairs(results, label), "somebody", 1, 1)
    answers.add("somebody", trials)
    for trial in trials:
        answers.keep("somebody", trial.number, "left", 0.5, 1.0)
    results.folder.rename(tmp_path / "run[limit=3]")
    code, output = bench("study", tmp_path / "run[limit=3]", "--results")
    assert code == 0
    assert output.splitlines()[1].split()[0] == label
    assert "1 answer of 1 participant;" in output
    assert f"bench report {tmp_path}/run[limit=3] adds" in output


def test_a_run_without_pictures_says_how_to_keep_them(bench, make_run):
    code, output = bench("study", make_run(kept=False).folder)
    assert code == 2
    assert "--keep-predictions gallery" in output


def test_a_folder_without_a_run_is_a_mistake(bench, tmp_path):
    for more in ([], ["--results"]):
        code, output = bench("study", tmp_path / "nowhere", *more)
        assert code == 2
        assert "is not a run folder" in output


def test_a_port_that_is_taken_is_named(bench, make_run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, output = bench("study", make_run().folder, "--port", port)
    assert code == 2
    assert f"port {port}" in output
    assert "--port" in output


def test_an_address_that_is_not_of_this_machine_is_named(bench, make_run):
    code, output = bench("study", make_run().folder, "--port", 0, "--host", "192.0.2.1")
    assert code == 2
    assert "192.0.2.1" in output


def test_results_need_no_extra(bench, make_run, monkeypatch):
    real_import = builtins.__import__

    def refuse(name, *arguments, **more):
        if name.partition(".")[0] in ("flask", "waitress"):
            raise ImportError(name)
        return real_import(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert bench("study", make_run().folder, "--results")[0] == 0
