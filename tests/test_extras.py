"""One line says what to install when a library of an extra is missing."""

import sys

import pytest
from PIL import Image

from huebench import UserError
from huebench.bench.metrics import get_metric
from huebench.extras import require
from huebench.methods.spec import parse_specs

RUN = ("run", "--methods", "gray", "--limit", "1", "--out", "out")


@pytest.mark.parametrize(
    ("module", "extra", "command"),
    [
        ("av", "video", ("colorize", "film.mp4")),
        ("av", "video", ("run", "--methods", "gray", "--dataset", "clips:.")),
        ("cv2", "video", ("colorize", "film.mp4", "--smooth")),
        ("pyvips", "colorize", ("colorize", "photo.png")),
        ("pyvips", "colorize", ("demo", "--port", "0")),
        ("gradio", "demo", ("demo", "--port", "0")),
        ("fastapi", "demo", ("demo", "--port", "0")),
        ("uvicorn", "demo", ("demo", "--port", "0")),
        ("flask", "study", ("study", ".")),
        ("waitress", "study", ("study", ".")),
        ("tensorboard", "tensorboard", (*RUN, "--tensorboard", "curves")),
        ("yaml", "cluster", (*RUN, "--cluster", "dask.yaml")),
        ("distributed", "cluster", (*RUN, "--cluster", "dask.yaml")),
        ("distributed", "cluster", (*RUN, "--scheduler", "tcp://127.0.0.1:1")),
        ("dask_jobqueue", "cluster", (*RUN, "--cluster", "dask.yaml")),
        ("submitit", "slurm", (*RUN, "--cluster", "slurm.yaml")),
        ("pytest_benchmark", "bench", ("speed",)),
        ("faiss", "bench", ("speed",)),
        ("minisom", "bench", ("speed",)),
        ("cv2", "bench", ("speed",)),
    ],
)
def test_a_command_without_its_library_names_the_extra_in_one_line(
    bench, tmp_path, monkeypatch, module, extra, command
):
    Image.new("L", (16, 16)).save(tmp_path / "photo.png")
    (tmp_path / "film.mp4").write_bytes(b"")
    (tmp_path / "dask.yaml").write_text("cluster: SLURMCluster\njobs: 1\n")
    (tmp_path / "slurm.yaml").write_text("cluster: submitit.local\n")
    monkeypatch.setitem(sys.modules, module, None)  # so that neither an import nor a search finds it
    code, output = bench(*command)
    assert code == 2, output
    (line,) = [line for line in output.splitlines() if line.startswith("error: ")]
    assert f"pip install 'huebench[{extra}]'" in line
    assert "No module named" not in output
    assert "started" not in output, "it is said before anything runs"
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("module", "extra", "name"),
    [
        ("cv2", "video", "warp_error"),
        ("torchmetrics", "perceptual", "lpips"),
        ("torchmetrics", "perceptual", "fid"),
    ],
)
def test_a_metric_without_its_library_is_unavailable(monkeypatch, module, extra, name):
    monkeypatch.setitem(sys.modules, module, None)
    assert get_metric(name).missing() == f"{module} not installed: pip install 'huebench[{extra}]'"


@pytest.mark.parametrize(
    ("module", "extra", "text"),
    [
        ("cv2", "video", "smoothed[method=gray]"),
        ("cv2", "video", "propagated"),
        ("onnxruntime", "external", "external[file=net.onnx]"),
    ],
)
def test_a_method_without_its_library_is_skipped(tmp_path, monkeypatch, module, extra, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.onnx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, module, None)
    (spec,) = parse_specs(text)
    assert spec.missing() == f"needs {module}: pip install 'huebench[{extra}]'"


def test_only_what_is_missing_is_refused():
    require("a test", "none", "json", "csv")
    with pytest.raises(UserError, match=r"^a test needs no_such_module: pip install 'huebench\[none\]'$"):
        require("a test", "none", "json", "no_such_module")
