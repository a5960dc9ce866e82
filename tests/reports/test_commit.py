"""A commit of tables that ends at any call of the system: killed there, or told that the disk is broken."""

import errno
import io
import os
import shutil
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from huebench.reports.tables import read_results, write_results

COMMITTED = Path(__file__).parents[2] / "docs" / "results" / "mirflickr"

CALLS = ((os, "replace"), (os, "fsync"), (os, "unlink"), (os, "mkdir"), (io, "open"))


class Killed(BaseException):
    """Nothing runs after it: every later call raises it again."""


def end_at(number, how, work, monkeypatch):
    """Do the work, ended at the call with this number; return whether it came to its end before."""
    seen = count(1)

    def wrapped(call):
        def guarded(*given, **named):
            writes = call is not io_open or "w" in str(named.get("mode", given[1] if len(given) > 1 else "r"))
            now = next(seen) if writes else 0
            if how == "kill" and now >= number:
                raise Killed
            if how == "EIO" and now == number:
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(given[0]))
            return call(*given, **named)

        return guarded

    io_open = io.open
    with monkeypatch.context() as patch:
        for module, name in CALLS:
            patch.setattr(module, name, wrapped(getattr(module, name)))
        try:
            work()
        except Killed:
            return False
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
    return next(seen) <= number


def run(shift):
    """Return a small run whose every value tells which it is."""
    results = read_results(COMMITTED)
    images = results.images.groupby("method").head(4)
    cells = results.cells.assign(fit_seconds=float(shift))
    facts = replace(results.run, seconds=float(shift))
    return replace(results, run=facts, cells=cells, images=images.assign(psnr=float(shift)))


def which(folder):
    """Read a run, and return which one it is; fail if its parts are of different ones."""
    results = read_results(folder)
    (found,) = {results.run.seconds, *results.cells["fit_seconds"], *results.images["psnr"]}
    return found


@pytest.mark.parametrize("how", ["kill", pytest.param("EIO", marks=pytest.mark.slow)])
def test_a_run_is_whole_wherever_its_writing_ends_and_ends_again(tmp_path, monkeypatch, how):
    first, second, third = map(run, (1, 2, 3))
    write_results(first, tmp_path / "first")
    for number in count(1):
        folder = shutil.copytree(tmp_path / "first", tmp_path / str(number))
        ended = end_at(number, how, lambda: write_results(second, folder), monkeypatch)  # noqa: B023
        found = which(folder)
        assert found == 2 if ended else found in (1, 2)
        again = end_at(number, how, lambda: write_results(third, folder), monkeypatch)  # noqa: B023
        assert which(folder) == 3 if again else which(folder) in (found, 3)
        write_results(third, folder)
        assert which(folder) == 3
        names = {path.name for path in folder.iterdir() if not path.name.startswith(".partial-")}
        assert len(names) == 5
        if ended:
            break
    assert number > 20
