"""``bench run --weights-dir``: every cell sees the folder, and a missing one is refused."""

from pathlib import Path

from huebench.bench.metrics.lpips import ALEXNET


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
    assert "--weights-dir: not a folder: 'absent'" in printed


def test_photos_too_small_for_a_metric_are_refused_before_anything_is_computed(bench, tmp_path, monkeypatch):
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    command = ("run", "--methods", "gray", "--size", 16, "--dry-run")
    assert bench(*command)[0] == 0  # lpips is unavailable
    (tmp_path / ALEXNET.file).touch()
    code, printed = bench(*command)
    assert code == 2
    assert "lpips needs photos of at least 31×31 pixels, not 16×16: give --size 31 or more" in printed
    assert bench(*command, "--metrics", "psnr,ssim")[0] == 0
