"""Commands that end at any call of the system that creates, renames, syncs or removes something in a run."""

import json
import os
import shutil
import subprocess
import sys
from itertools import cycle
from pathlib import Path

import pytest

from huebench.reports.tables import read_results

from .conftest import write_photos

HERE = Path(__file__).parent

HOWS = ("kill", "EIO")

TINY = ("--dataset", "folder:photos", "--size", "32", "--metrics", "psnr", "--threads", "1")

RUN = ("run", *TINY, "--out", "work/out", "--keep-predictions", "all", "--methods")

EARLIER = (*RUN, "gray,oracle-lowres")

FORMATS = ("--format", "md,csv,html")

COMMANDS = {
    "run": (*RUN, "gray,mean-ab,oracle-lowres"),
    "score": ("score", "work/out", "--metrics", "psnr,colorfulness"),
    "report": ("report", "work/out", *FORMATS),
    "report --out": ("report", "work/out", *FORMATS, "--out", "work/baseline"),
}
"""The commands; before each there are the run of `EARLIER` without a report, and another run's baseline."""

POINTS = 44
"""Calls at which each command is ended in the long test, spread evenly over all that it makes."""


class Forks:
    """Runs ``bench`` in forks of one process; see ``forks.py``."""

    def __init__(self, folder):
        self.folder = folder
        library = folder / "system_calls.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "system_calls.c"], check=True)
        self.process = subprocess.Popen(
            [sys.executable, HERE / "forks.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "LD_PRELOAD": str(library), "COLUMNS": "200"},
        )

    def bench(self, *arguments, at=0, how="kill"):
        """Run a command in the folder; return its exit code, its output and the number of its calls."""
        work, output = self.folder / "work", self.folder / "output.txt"
        paths = {"folder": self.folder, "below": work, "cache": work / "cache", "output": output}
        told = {"arguments": arguments, "at": at, "how": how} | {name: str(paths[name]) for name in paths}
        print(json.dumps(told), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        return answer["code"], output.read_text(), answer["calls"]


@pytest.fixture(scope="module")
def forks(tmp_path_factory):
    if sys.platform != "linux" or shutil.which("cc") is None:
        pytest.skip("needs Linux and a C compiler, for a library that is preloaded")
    folder = tmp_path_factory.mktemp("forks")
    write_photos(folder / "photos", train=3, val=1, test=6)
    made = Forks(folder)
    for command in (EARLIER, ("score", "work/out", "--metrics", "auc"), COMMANDS["report --out"]):
        code, output, _ = made.bench(*command)
        assert code == 0, output
        if command == EARLIER:
            shutil.copytree(folder / "work", folder / "earlier")
    (folder / "work" / "baseline").rename(folder / "earlier" / "baseline")
    (folder / "earlier" / "out" / ".report.json").unlink()
    yield made
    made.process.stdin.close()
    made.process.stdout.close()
    made.process.wait()


def restore(forks):
    """Put the earlier run back."""
    shutil.rmtree(forks.folder / "work")
    shutil.copytree(forks.folder / "earlier", forks.folder / "work")


def scores(folder):
    """Return the scores in a run's tables by method and photo, and what the run says of its metrics."""
    results = read_results(folder)
    names = [name for metric in results.run.metrics for name in metric.columns]
    rows = results.images[results.images["status"] == "ok"].set_index(["method", "photo"])[names]
    return rows, names


def check_tables(folder, before, after):
    """Check that the tables are right: every row of a method that succeeded, and a reason for each other."""
    rows, names = scores(folder)
    cells = read_results(folder).cells.set_index("method")
    assert set(rows.index.get_level_values("method")) == set(cells.index[cells["status"] == "ok"])
    assert cells.loc[cells["status"] != "ok", "reason"].str.len().gt(0).all()
    whole = after if set(names) <= set(after) else before
    for method, found in rows.groupby("method"):
        expected = whole.loc[[method], names]
        assert found.equals(expected)
    return cells["status"].eq("ok")


def end_at_some_calls(forks, name, points):
    command = COMMANDS[name]
    folder = forks.folder / "work" / ("baseline" if name == "report --out" else "out")
    restore(forks)
    before, _ = scores(folder)
    code, output, calls = forks.bench(*command)
    assert code == 0, output
    after, _ = scores(folder)
    points = min(points, calls)
    chosen = [1 + (2 * i + 1) * calls // (2 * points) for i in range(points)]
    for at, how in zip(chosen, cycle(HOWS), strict=False):
        restore(forks)
        _, ended, _ = forks.bench(*command, at=at, how=how)
        where = (name, at, how, ended)
        assert "Traceback" not in ended, where
        succeeded = check_tables(folder, before, after)
        assert name == "score" or succeeded[["gray", "oracle-lowres"]].all(), where
        code, output, _ = forks.bench(*command)
        assert code == 0, (*where, output)
        if name == "run":
            assert output.count("already done") >= 2, (*where, output)
        again, _ = scores(folder)
        assert again.equals(after), where
    return points, calls


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_ends_at_a_call_leaves_whole_tables_and_can_be_repeated(forks, name):
    assert end_at_some_calls(forks, name, 2)[0] == 2


@pytest.mark.long
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_ends_at_any_call_leaves_whole_tables_and_can_be_repeated(forks, name):
    ended, calls = end_at_some_calls(forks, name, POINTS)
    assert ended == min(POINTS, calls)
