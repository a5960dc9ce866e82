"""Cells on Dask workers: the numbers of a local run, also when a worker is lost; clear words otherwise."""

import json
import signal
import sys
import time

import pandas as pd
import psutil
import pytest

from huebench.reports.tables import read_results

from .conftest import TINY, ZEROS, marked_processes, write_photos

pytest.importorskip("distributed", reason="needs the extra 'cluster'")
from distributed import Client

TIMES = ["fit_seconds", "colorize_seconds", "images_per_second", "warm_up_seconds", "peak_memory_mb"]


def assert_same_tables(one, other):
    first, second = read_results(one), read_results(other)
    assert (one / "images.parquet").read_bytes() == (other / "images.parquet").read_bytes()
    columns = [*TIMES, "threads"]
    pd.testing.assert_frame_equal(first.cells.drop(columns=columns), second.cells.drop(columns=columns))


@pytest.mark.slow
def test_two_workers_with_one_killed_give_the_tables_of_a_local_run(
    tmp_path, methods_file, start, bench, dask
):
    write_photos(tmp_path / "photos", train=6, val=2, test=80)
    slow = f"time.sleep(0.2); open('photos.txt', 'a').write('x' * len(lightness)); {ZEROS}"
    plugin = methods_file(slow_a=slow, slow_b=slow, broken="raise ValueError('no')")
    arguments = ("--plugin", plugin, "--methods", "slow-a,slow-b,random-ab,broken")
    assert bench("run", *TINY[:-1], "here", *arguments)[0] == 1

    address, workers = dask(2)
    process = start("run", *TINY, *arguments, "--scheduler", address)
    deadline = time.monotonic() + 60
    while not (victims := marked_processes(tmp_path / "out")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(1.5)
    (running,) = {each for each in workers if each.pid == victims[0].ppid()}
    running.send_signal(signal.SIGKILL)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1, output
    assert_same_tables(tmp_path / "out", tmp_path / "here")
    assert not marked_processes(tmp_path / "out")


OTHER_VERSION = "import huebench; huebench.__version__ = '0.0.1'"


def test_a_run_says_so_when_every_worker_has_another_version(photos, bench, dask):
    address, _ = dask(1, before=OTHER_VERSION)
    code, output = bench("run", *TINY, "--methods", "gray", "--scheduler", address)
    assert code == 2, output
    assert "differs from this machine: huebench is 0.0.1, not " in output


def wait_for_workers(address, count):
    with Client(address) as client:
        client.wait_for_workers(count, timeout=60)


@pytest.mark.slow
def test_workers_of_another_version_get_no_work_whenever_they_join(
    photos, methods_file, start, dask, tmp_path
):
    ancestors = "[each.pid for each in psutil.Process().parents()]"
    where = f"import psutil; print({ancestors}, file=open('parents.txt', 'a')); time.sleep(0.3); {ZEROS}"
    plugin = methods_file(**{f"slow_{i}": where for i in range(3)})
    address, (good,) = dask(1)
    dask(1, before=OTHER_VERSION, address=address)
    wait_for_workers(address, 2)
    process = start(
        "run", *TINY, "--methods", "slow-0,slow-1,slow-2", "--plugin", plugin, "--scheduler", address
    )
    wait_for((tmp_path / "parents.txt").exists)
    dask(1, before=OTHER_VERSION, address=address)
    wait_for_workers(address, 3)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "differs from this machine: huebench is 0.0.1, not " in output
    lines = (tmp_path / "parents.txt").read_text().splitlines()
    assert lines
    assert all(good.pid in json.loads(line) for line in lines)


@pytest.mark.slow
def test_a_cell_checks_the_environment_again_and_goes_elsewhere(photos, start, methods_file, dask, tmp_path):
    """The version of a worker changes after it was admitted."""
    plugin = methods_file(slow=f"time.sleep(0.3); open('slow.txt', 'w'); {ZEROS}")
    changed = tmp_path / "changed.txt"
    later = (
        "import huebench.bench.executors.environment as c, pathlib; was = c.environment; "
        f"changed = pathlib.Path({str(changed)!r}); "
        "c.environment = lambda cell: was(cell) | ({'huebench': '0.0.1'} if changed.exists() else {})"
    )
    address, _ = dask(1, before=later)
    process = start("run", *TINY, "--methods", "slow,gray", "--plugin", plugin, "--scheduler", address)
    wait_for(lambda: marked_processes(tmp_path / "out"))
    changed.write_text("")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 2, output
    assert "no worker is left that can take this run" in output
    cells = read_results(tmp_path / "out").cells.set_index("method")
    assert cells["status"].to_dict() == {"slow": "ok", "gray": "skipped"}


def test_a_gpu_that_no_worker_offers_is_reported(photos, bench, dask):
    address, _ = dask(1)
    arguments = ("--methods", "encoder-decoder", "--device", "cuda", "--scheduler", address)
    code, output = bench("run", *TINY, *arguments)
    assert code == 2, output
    assert "no worker of the cluster offers 1 GPU" in output


def test_a_dead_scheduler_is_reported(photos, bench):
    code, output = bench("run", *TINY, "--methods", "gray", "--scheduler", "tcp://127.0.0.1:9")
    assert code == 2
    assert "--scheduler tcp://127.0.0.1:9: no Dask scheduler answers there within 5 s" in output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cluster: NoSuchCluster", "has no attribute 'NoSuchCluster'"),
        ("options: {}", "'cluster' is missing; write a line 'cluster: SLURMCluster'"),
        (
            "cluster: os.system\noptions: {command: touch PWNED}",
            "'os.system' is not a Dask cluster class",
        ),
        ("cluster: distributed.utils.sys.exit", "No module named 'distributed.utils.sys'"),
        ("cluster: distributed.get_client", "'distributed.get_client' is not a Dask cluster class"),
        ("cluster: evil.Cluster", "'evil.Cluster' is not a Dask cluster class"),
        (
            "cluster: LocalCluster\njobs: 2",
            "LocalCluster takes no 'jobs': leave it out, and say in 'options'",
        ),
        ("cluster: MoabCluster\njobs: 2", "submits jobs with 'msub', which this machine lacks"),
    ],
)
def test_a_wrong_cluster_file_is_reported(photos, bench, tmp_path, monkeypatch, text, message):
    (tmp_path / "cluster.yaml").write_text(text)
    (tmp_path / "evil.py").write_text("open('PWNED', 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    code, output = bench("run", *TINY, "--methods", "gray", "--cluster", "cluster.yaml")
    assert code == 2
    assert "--cluster cluster.yaml" in output
    assert message in output
    assert not (tmp_path / "PWNED").exists()


# dask-jobqueue's own class for jobs without a batch system: the job script is a child of this process.
JOB_QUEUE = """
cluster: dask_jobqueue.local.LocalCluster
jobs: 1
options: {cores: 1, memory: 2GB, python: PYTHON, scheduler_options: {dashboard_address: ":0"}}
"""


@pytest.mark.slow
def test_a_cluster_file_starts_a_job_queues_workers(photos, start, tmp_path):
    (tmp_path / "cluster.yaml").write_text(JOB_QUEUE.replace("PYTHON", sys.executable))
    process = start("run", *TINY, "--methods", "gray,mean-ab", "--cluster", "cluster.yaml")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert list(read_results(tmp_path / "out").cells["status"]) == ["ok", "ok"]


def test_a_cluster_and_a_scheduler_are_not_both_taken(photos, bench):
    code, output = bench("run", *TINY, "--scheduler", "tcp://127.0.0.1:9", "--cluster", "cluster.yaml")
    assert code == 2
    assert "not both" in output


def wait_for(condition, seconds=60):
    """Return what a condition answers, as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


@pytest.mark.slow
def test_a_lost_scheduler_and_finished_work_are_reported(photos, methods_file, start, bench, dask, tmp_path):
    plugin = methods_file(stuck="open('stuck.txt', 'w'); time.sleep(600)")
    address, _ = dask(1)
    arguments = ("run", *TINY, "--methods", "gray,stuck", "--plugin", plugin)
    process = start(*arguments, "--scheduler", address)
    wait_for((tmp_path / "stuck.txt").exists)
    (scheduler,) = (each for each in psutil.Process().children() if "dask_scheduler" in each.cmdline()[2])
    scheduler.kill()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2, output
    assert "error: the Dask scheduler was lost: scheduler-connection-lost" in output
    cells = read_results(tmp_path / "out").cells.set_index("method")
    assert cells["status"].to_dict() == {"gray": "ok", "stuck": "skipped"}
    wait_for(lambda: not marked_processes(tmp_path / "out"))


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_its_workers_to_the_next(
    photos, methods_file, start, bench, dask, tmp_path
):
    plugin = methods_file(stuck="open('stuck.txt', 'w'); time.sleep(600)")
    address, _ = dask(1)
    process = start("run", *TINY, "--methods", "stuck", "--plugin", plugin, "--scheduler", address)
    wait_for((tmp_path / "stuck.txt").exists)
    process.send_signal(signal.SIGKILL)
    wait_for(lambda: not marked_processes(tmp_path / "out"), 20)

    def left(dask_scheduler):
        names = [dask_scheduler.plugins, dask_scheduler.worker_plugins, dask_scheduler.resources]
        names += [dask_scheduler._broker._topics, *(w.resources for w in dask_scheduler.workers.values())]
        found = [name for held in names for name in held if "huebench" in str(name)]
        return found + list(dask_scheduler.tasks)

    with Client(address) as client:
        wait_for(lambda: not client.run_on_scheduler(left), 30)
    code, output = bench("run", *TINY, "--methods", "gray", "--scheduler", address)
    assert code == 0, output
