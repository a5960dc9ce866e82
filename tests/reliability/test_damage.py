"""Damaged files, a full disk, a read-only folder: computed again or said, never a wrong table."""

import os
import subprocess
from itertools import cycle, product

import pytest

from huebench.bench.plan.cell import Cell
from huebench.bench.plan.photos import SHARD
from huebench.reports.tables import read_results

from .conftest import TINY, ZEROS, write_photos

METHODS = ("--methods", "learns,oracle-lowres", "--keep-predictions", "all")


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def empty(path):
    os.truncate(path, 0)


DAMAGES = (truncate, flip_a_bit, empty)

STATUS, KEPT = "cells/*/status.json", "predictions/*/shard-*.parquet"

# What is damaged together, and how many of the two cells are then still done. One that is done reads no
# prediction, and one whose predictions are kept does not ask its model.
FILES = {
    (STATUS,): 0,
    ("cells/*/shard-*.parquet",): 0,
    (STATUS, KEPT): 0,
    (STATUS, "predictions/*/shard-*.json"): 0,
    (STATUS, KEPT, "models/*/state.npz"): 0,
    (STATUS, KEPT, "models/*/fit.json"): 0,
    (STATUS, "shared/*.npz"): 0,
    ("images.parquet",): 2,
    ("cells.parquet",): 2,
    ("curves.parquet",): 2,
    ("run.json",): 2,
}


@pytest.fixture
def run(photos, methods_file, bench):
    plugin = methods_file(
        learns=(
            "return np.full((*lightness.shape, 2), self.value, np.float32)",
            "self.value = np.float32(9); type(self).fitted = ('value',)",
        )
    )
    plugin.write_text(plugin.read_text().replace("    def fit", "    fitted = ('value',)\n\n    def fit"))
    return lambda: bench("run", *TINY, *METHODS, "--plugin", plugin)


def damage_and_run_again(run, folder, cases):
    code, output = run()
    assert code == 0, output
    undisturbed = (folder / "images.parquet").read_bytes()
    for (patterns, done), damage in cases:
        for pattern in patterns:
            damaged = list(folder.glob(pattern))
            assert damaged, pattern
            for path in damaged:
                damage(path)
        code, output = run()
        assert code == 0, (patterns, damage, output)
        assert output.count("already done") == done, (patterns, damage, output)
        assert (folder / "images.parquet").read_bytes() == undisturbed, (patterns, damage)


@pytest.mark.slow
def test_damaged_files_are_computed_again_and_never_make_a_wrong_table(run, tmp_path):
    damage_and_run_again(run, tmp_path / "out", zip(FILES.items(), cycle(DAMAGES), strict=False))


@pytest.mark.long
def test_files_damaged_in_every_way_are_computed_again(run, tmp_path):
    damage_and_run_again(run, tmp_path / "out", product(FILES.items(), DAMAGES))


def test_a_damaged_shard_of_an_unfinished_cell_is_computed_again(methods_file, bench, tmp_path):
    write_photos(tmp_path / "photos", train=6, val=2, test=SHARD + 6)
    asked, stop = tmp_path / "asked.txt", tmp_path / "stop"
    count = "open('asked.txt', 'a').write('x' * len(lightness))"
    fail = f"os.path.exists('stop') and os.path.getsize('asked.txt') > {SHARD + 1} and 1 / 0"
    plugin = methods_file(stops=f"{count}; {fail}; {ZEROS}")
    arguments = ("run", "--methods", "stops", "--plugin", plugin, *TINY[:-1])
    assert bench(*arguments, "undisturbed")[0] == 0
    asked.unlink()
    stop.touch()
    assert bench(*arguments, "out")[0] == 1
    (shard,) = (tmp_path / "out").glob("cells/*/shard-00000.parquet")
    flip_a_bit(shard)
    asked.unlink()
    stop.unlink()
    code, output = bench(*arguments, "out")
    assert code == 0, output
    assert asked.stat().st_size == 1 + SHARD + 6  # one to warm up, and all: not one shard is taken for whole
    tables = [(tmp_path / folder / "images.parquet").read_bytes() for folder in ("out", "undisturbed")]
    assert tables[0] == tables[1]


def test_a_damaged_prediction_or_specification_is_reported_by_score(run, bench, tmp_path):
    run()
    folder = tmp_path / "out"
    key = read_results(folder).cells.set_index("method").loc["learns", "cell"]
    cell = Cell.read(folder, key)
    (kept,) = cell.prediction_folder.glob("shard-*.parquet")
    flip_a_bit(kept)
    code, output = bench("score", "out", "--metrics", "auc")
    assert code == 1
    assert "a prediction of learns is missing or damaged" in output
    rows = read_results(folder).cells.set_index("method")
    assert rows["status"].to_dict() == {"learns": "failed", "oracle-lowres": "ok"}
    truncate(folder / rows.loc["oracle-lowres", "log"].replace("log.txt", "cell.json"))
    code, output = bench("score", "out", "--metrics", "psnr")
    assert code == 2
    assert "cell.json' is missing or damaged; run the benchmark again" in output


@pytest.fixture
def mounted(tmp_path):
    """Mount a file system on ``out``; skips where that is not permitted."""
    folder = tmp_path / "out"
    folder.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"mounting a tmpfs is not permitted here: {done.stderr.strip()}")
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], capture_output=True, check=False)


@pytest.mark.skipif(os.name != "posix", reason="mounts a tmpfs")
def test_a_full_disk_is_reported_and_the_same_command_resumes(mounted, photos, methods_file, bench):
    folder = mounted("size=400k")
    fills = "Path(open('where').read(), 'filling').write_bytes(bytes(1 << 20))"
    plugin = methods_file(fills=(fills, "pass"))
    folder.with_name("where").write_text(str(folder))
    arguments = ("run", *TINY, "--plugin", plugin, "--methods", "gray,fills,mean-ab")
    code, output = bench(*arguments)
    assert code in (1, 2), output
    assert "No space left on device" in output
    assert "Traceback" not in output
    (folder / "filling").unlink()
    subprocess.run(["mount", "-o", "remount,size=50m", str(folder)], check=True)
    code, output = bench(*arguments[:-1], "gray,mean-ab")
    assert code == 0, output
    assert output.count("already done") == 1
    assert list(read_results(folder).cells["status"]) == ["ok", "ok"]


def test_a_read_only_run_folder_is_reported(mounted, photos, bench):
    mounted("ro")
    code, output = bench("run", *TINY, "--methods", "gray")
    assert code == 2
    assert "cannot be written: [Errno 30] Read-only file system" in output
    assert "choose another --out" in output


def test_a_run_folder_that_is_a_file_is_reported(photos, bench, tmp_path):
    (tmp_path / "out").write_text("")
    code, output = bench("run", *TINY, "--methods", "gray")
    assert code == 2
    assert "the run folder" in output
    assert "cannot be written" in output
