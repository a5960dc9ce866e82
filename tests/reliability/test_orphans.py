"""Nothing that a method starts outlives its cell, also without the environment and the parent it had."""

import sys
import time

import psutil
import pytest

from huebench.reports.tables import read_results

from .conftest import TINY, ZEROS, marked_processes

DAEMON = (
    "os.environ.clear(); subprocess.Popen('sleep {seconds} & disown', shell=True, executable='/bin/bash', "
)
DAEMON += "env={{}}, start_new_session=True); time.sleep(0.3)"

ENDS = {
    "ends": (ZEROS, "ok", "", 70601),
    "dies": ("os._exit(5)", "failed", "its process ended with exit code 5 and no result", 70602),
    "hangs": ("time.sleep(600)", "timeout", "did not end within 15 s", 70603),
    "kills-its-parent": (
        "os.kill(os.getppid(), 9); time.sleep(600)",
        "failed",
        "killed by SIGKILL",
        70604,
    ),
}


def sleepers():
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [command[1] for command in commands if command[:1] == ["sleep"] and command[1][:3] == "706"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper")
def test_a_daemon_without_the_environment_of_its_cell_ends_with_it(photos, methods_file, bench, tmp_path):
    bodies = {
        name.replace("-", "_"): f"{DAEMON.format(seconds=seconds)}; {body}"
        for name, (body, _, _, seconds) in ENDS.items()
    }
    arguments = ("--plugin", methods_file(**bodies), "--jobs", 2, "--timeout", 15)
    code, output = bench("run", *TINY, *arguments, "--methods", ",".join(ENDS))
    assert code == 1, output
    rows = read_results(tmp_path / "out").cells.set_index("method")
    for name, (_, status, reason, _) in ENDS.items():
        assert rows.loc[name, "status"] == status, output
        assert reason in (rows["reason"].fillna("")[name])
    assert not marked_processes(tmp_path)
    deadline = time.monotonic() + 5
    while sleepers():
        assert time.monotonic() < deadline, sleepers()
        time.sleep(0.1)


@pytest.mark.slow
def test_a_run_whose_lock_file_was_deleted_keeps_its_cells(photos, methods_file, start, bench, tmp_path):
    plugin = methods_file(slow=f"open('slow.txt', 'w'); time.sleep(3); {ZEROS}")
    process = start("run", *TINY, "--methods", "slow", "--plugin", plugin)
    deadline = time.monotonic() + 60
    while not (tmp_path / "slow.txt").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (tmp_path / "out" / ".lock").unlink()
    code, output = bench("run", *TINY, "--methods", "gray")
    assert code == 2, output
    assert "another run is using" in output
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
