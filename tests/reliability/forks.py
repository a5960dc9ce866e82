"""Runs ``bench`` in forks of a process that has imported it, with calls to the system that end or fail.

``python forks.py`` reads one JSON object a line and answers each with one: it forks a process that runs
``bench``, whose cells are forked too, so that nothing is imported twice. The library of ``system_calls.c``
must be preloaded.
"""

import ctypes
import json
import os
import subprocess
import sys
import time
import traceback
from importlib import import_module
from io import FileIO, TextIOWrapper
from pkgutil import walk_packages
from types import SimpleNamespace

import scipy.stats  # noqa: F401  # slow to import, and only used inside functions

import huebench.bench
import huebench.reports
from huebench.bench import cli
from huebench.bench.cell import process, shards
from huebench.bench.executors import supervise
from huebench.bench.metrics.registry import metrics
from huebench.bench.plan import photos, plan
from huebench.datasets.base import datasets
from huebench.methods.base import methods

LEFT_OUT = ("huebench.bench.__main__", "huebench.bench.web", "huebench.bench.executors.cluster")

calls = ctypes.CDLL(None)
calls.counted.restype = ctypes.c_long


class ForkedProcess:
    """Takes the place of `subprocess.Popen` where a cell is started."""

    def __init__(self, command, *, pass_fds, env, **_):
        reading, writing = os.pipe()
        self.returncode = None
        self.pid = os.fork()
        if self.pid == 0:
            run_forked(lambda: cell(command, env), writing, pass_fds)
        os.close(writing)
        self.stdout = os.fdopen(reading, "rb")

    def poll(self):
        if self.returncode is None:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if found else None
        return self.returncode

    def wait(self, timeout=float("inf")):
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("a cell", timeout)
            time.sleep(0.005)
        return self.returncode

    def kill(self):
        if self.poll() is None:
            os.kill(self.pid, 9)


def cell(command, env):
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [str(part) for part in command[2:]]
    process.main()


def run_forked(work, output, kept=()):
    """Do the work in this process, a fork, with its output sent to a file; never return."""
    code = 1
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout, sys.stderr = (
            TextIOWrapper(FileIO(number, "w"), line_buffering=True) for number in (1, 2)
        )
        below = 3
        for number in sorted(kept):
            os.closerange(below, number)
            below = number + 1
        os.closerange(below, 1 << 16)
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001  # the process ends below
        traceback.print_exc()
    finally:
        os._exit(code)


def bench(given):
    os.chdir(given["folder"])
    os.environ["HUEBENCH_CACHE"] = given["cache"]
    supervise.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": ForkedProcess})
    sys.argv = ["bench", *given["arguments"]]
    cli.main()


def main():
    for module in (photos, plan, shards):
        module.SHARD = 4  # few photos, and yet several shards
    for registry in (methods, datasets, metrics):
        registry.discover()
    for package in (huebench.bench, huebench.reports):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(LEFT_OUT):
                import_module(module.name)
    for line in sys.stdin:
        given = json.loads(line)
        calls.arm(given["below"].encode(), ctypes.c_long(given["at"]), given["how"] == "kill")
        output = os.open(given["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        child = os.fork()
        if child == 0:
            run_forked(lambda: bench(given), output)  # noqa: B023
        os.close(output)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        print(json.dumps({"code": code, "calls": calls.counted()}), flush=True)  # noqa: T201  # the answer


if __name__ == "__main__":
    main()
