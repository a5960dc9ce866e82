"""Cells as job arrays through submitit: on this machine, and on a stand-in for Slurm's programs."""

import signal
import sys
import time

import pytest

from huebench.reports.tables import read_results

from .conftest import TINY, ZEROS, marked_processes
from .test_cluster import assert_same_tables, wait_for

pytest.importorskip("submitit", reason="needs the extra 'slurm'")

LOCAL = "cluster: submitit.local\njobs: 2\n"

SBATCH = '''#!{python}
"""Takes a job array and runs its tasks, one after another, as Slurm does with a script."""
import os, re, subprocess, sys
text = open(sys.argv[-1]).read()
open("sbatch.txt", "a").write(text)
count = int(re.search(r"--array=0-(\\d+)", text)[1]) + 1
command = next(line for line in text.splitlines() if line.startswith("srun"))
for task in range(count):
    own = {{"SLURM_JOB_ID": str(70 + task), "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": str(task)}}
    own |= {{"SLURM_NTASKS": "1", "SLURM_JOB_NUM_NODES": "1", "SLURM_NODEID": "0"}}
    own |= {{"SUBMITIT_EXECUTOR": "slurm", "SLURM_JOB_NODELIST": "n1", "SLURM_PROCID": "0"}}
    own |= {{"SLURM_LOCALID": "0"}}
    subprocess.Popen(["bash", "-c", command], env={{**os.environ, **own}})
print("Submitted batch job 7")
'''

SRUN = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; if [ "${1#/}" != "$1" ] && [ ! -x "$1" ]; then shift; fi; done
exec "$@" >/dev/null 2>&1
"""

SACCT = "#!/bin/sh\necho 'JobID|State'\necho '7_0|RUNNING'\necho '7_1|RUNNING'\n"


def write_cluster(tmp_path, text):
    (tmp_path / "cluster.yaml").write_text(text)
    return ("--cluster", "cluster.yaml")


@pytest.mark.slow
def test_jobs_on_this_machine_give_the_bytes_of_a_local_run(photos, methods_file, bench, tmp_path):
    plugin = methods_file(broken="raise ValueError('no')", zeros=ZEROS)
    arguments = ("--plugin", plugin, "--methods", "random-ab,zeros,broken")
    assert bench("run", *TINY[:-1], "here", *arguments)[0] == 1
    code, output = bench("run", *TINY, *arguments, *write_cluster(tmp_path, LOCAL))
    assert code == 1, output
    assert "random-ab  done in" in output
    assert "ValueError: no" in output
    assert_same_tables(tmp_path / "out", tmp_path / "here")
    assert not list((tmp_path / "out").glob("cells/*/events.jsonl"))
    assert not (tmp_path / "out" / "jobs").exists()


@pytest.mark.slow
def test_slurm_gets_one_array_with_the_files_options(photos, bench, tmp_path, monkeypatch):
    for name, text in (("sbatch", SBATCH.format(python=sys.executable)), ("srun", SRUN), ("sacct", SACCT)):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    options = "options: {slurm_partition: compute, mem_gb: 16, timeout_min: 30}"
    cluster = write_cluster(tmp_path, f"cluster: submitit.slurm\njobs: 1\n{options}\n")
    code, output = bench("run", *TINY, "--methods", "gray,mean-ab", *cluster)
    assert code == 0, output
    assert list(read_results(tmp_path / "out").cells["status"]) == ["ok", "ok"]
    script = (tmp_path / "sbatch.txt").read_text()
    for line in ("--array=0-1%1", "--partition=compute", "--mem=16GB", "--time=30", "--job-name=huebench"):
        assert f"#SBATCH {line}" in script
    assert script.count("#SBATCH --array") == 1


@pytest.mark.slow
def test_an_interrupted_run_leaves_no_job(photos, methods_file, start, tmp_path):
    plugin = methods_file(stuck="open('stuck.txt', 'w'); time.sleep(600)")
    cluster = write_cluster(tmp_path, LOCAL)
    process = start("run", *TINY, "--methods", "gray,stuck", "--plugin", plugin, *cluster)
    wait_for((tmp_path / "stuck.txt").exists)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "the same command resumes from there" in output
    deadline = time.monotonic() + 20
    while marked_processes(tmp_path / "out"):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cluster: submitit.nowhere", "doesn't know any executor named nowhere"),
        ("cluster: submitit.local\noptions: {mem_gb: much}", "mem_gb"),
        ("cluster: submitit.local\noptions: {partition: x}", "partition"),
    ],
)
def test_a_wrong_file_is_reported(photos, bench, tmp_path, text, message):
    code, output = bench("run", *TINY, "--methods", "gray", *write_cluster(tmp_path, text))
    assert code == 2, output
    assert "error: --cluster cluster.yaml" in output
    assert message in output
