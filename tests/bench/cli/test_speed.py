import io
import json
import os

import pytest
from rich.console import Console

from huebench import UserError
from huebench.bench.cli import speed
from huebench.reports.analysis.kernels import Timing, read_timings


def benchmark(library, median, group="search", items=None, **facts):
    extra = dict(facts) if items is None else {**facts, "items": items}
    return {
        "group": group, "name": "test", "params": {"library": library, "references": 30},
        "stats": {"median": median}, "extra_info": extra,
    }  # fmt: skip


@pytest.fixture
def timings(tmp_path):
    path = tmp_path / "speed.json"
    benchmarks = [benchmark("faiss", 2.0, items=10, recall=0.987), benchmark("huebench", 0.5, items=25)]
    path.write_text(json.dumps({"benchmarks": benchmarks}))
    return path


def test_time_is_of_one_item_and_parameters_name_the_group(timings):
    faiss, ours = read_timings(timings)
    assert faiss == Timing("search, references 30", "faiss", 0.2, {"recall": 0.987})
    assert ours.seconds == 0.02


def test_the_table_shows_the_peers_time_over_ours(timings):
    console = Console(width=120, record=True, file=io.StringIO())
    speed.print_speed(timings, console)
    lines = console.export_text().splitlines()
    assert any(
        "faiss" in line and "200 ms" in line and "10.00×" in line and "recall 0.987" in line for line in lines
    )
    assert any("huebench" in line and "20 ms" in line and "1.00×" in line for line in lines)


def test_the_path_keeps_its_brackets(timings, tmp_path):
    path = timings.rename(tmp_path / "speed[draft].json")
    console = Console(width=40, record=True, file=io.StringIO())
    speed.print_speed(path, console)
    assert console.export_text().endswith(f"saved in {path}\n")


def test_without_the_checkout_it_says_where_the_suite_is(monkeypatch, tmp_path):
    monkeypatch.setattr(speed, "SUITE", tmp_path / "nowhere")
    with pytest.raises(UserError, match="only in the source checkout"):
        speed.run_suite(tmp_path / "speed.json", None)


def test_the_suite_runs_and_keeps_its_json(monkeypatch, tmp_path):
    suite = tmp_path / "tests" / "speed"
    suite.mkdir(parents=True)
    (suite / "test_speed_sum.py").write_text(
        "import pytest\n\n"
        "@pytest.mark.parametrize('library', ['huebench', 'python'])\n"
        "def test_sum(benchmark, library):\n    benchmark(sum, range(10))\n"
    )
    monkeypatch.setattr(speed, "SUITE", suite)
    for variable in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(variable)  # pytest-benchmark measures nothing in a worker of xdist
    speed.run_suite(tmp_path / "kept" / "speed.json", "sum")
    assert {timing.library for timing in read_timings(tmp_path / "kept" / "speed.json")} == {
        "huebench",
        "python",
    }


def test_a_comparison_that_fails_costs_no_other(monkeypatch, tmp_path, capsys):
    suite = tmp_path / "tests" / "speed"
    suite.mkdir(parents=True)
    (suite / "test_speed_wrong.py").write_text("def test_wrong(benchmark):\n    assert False\n")
    (suite / "test_speed_sum.py").write_text(
        "import pytest\n\n@pytest.mark.parametrize('library', ['huebench'])\n"
        "def test_sum(benchmark, library):\n    benchmark(sum, range(10))\n"
    )
    monkeypatch.setattr(speed, "SUITE", suite)
    for variable in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(variable)
    with pytest.raises(UserError, match="comparison of the speed suite failed"):
        speed.speed(None, tmp_path / "speed.json")
    assert "sum" in capsys.readouterr().out
    with pytest.raises(UserError, match="comparison of the speed suite failed"):
        speed.speed("wrong", tmp_path / "speed.json")
    assert not (tmp_path / "speed.json").exists()
