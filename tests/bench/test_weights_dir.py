"""``bench run --weights-dir``: every cell sees the folder, and a missing one is refused."""

from pathlib import Path


def test_cells_see_the_folder_of_weights(bench, plugin, tmp_path, monkeypatch):
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(tmp_path))
    folder = tmp_path / "weights"
    folder.mkdir()
    file = plugin("sees-weights", fit="print('weights are in', os.environ['HUEBENCH_WEIGHTS'])")
    options = ("--plugin", file, "--limit", 1, "--metrics", "psnr", "--out", "run")
    code, printed = bench("run", "--methods", "sees-weights", "--weights-dir", folder, *options)
    assert code == 0, printed
    log = next(Path("run").glob("cells/*/log.txt")).read_text()
    assert f"weights are in {folder}" in log


def test_a_folder_of_weights_that_is_not_there_is_refused(bench):
    code, printed = bench("run", "--weights-dir", "absent")
    assert code == 2
    assert "'absent' does not exist" in printed
