"""What a finished run leaves: its results, and of its models those that are to be kept."""

import pytest

import huebench

SET_METRIC = """
import numpy as np
from huebench.bench.metrics import register_metric

@register_metric(
    name="mean_level", label="level", direction="none", source="a test", description="Mean level of the set.",
    combine=lambda features: float(features.mean()), takes=("predicted",),
)
def mean_level(predicted):
    return np.float32(predicted.mean(keepdims=True).ravel())
"""


def models(folder):
    return sorted(path.name.rpartition("-")[0] for path in folder.glob("models/*"))


def test_a_finished_run_leaves_its_results_and_the_models_that_are_to_be_kept(tmp_path):
    (tmp_path / "set_metric.py").write_text(SET_METRIC)

    def run(**options):
        return huebench.run(
            methods=["gray", "pixel-knn"], limit=2, size=32, device="cpu", metrics="psnr,auc,mean_level",
            plugins=[tmp_path / "set_metric.py"], out=tmp_path / "run", **options,
        )  # fmt: skip

    first = run()
    folder, before = first.folder, (tmp_path / "run" / "images.parquet").read_bytes()
    assert first.cells["mean_level"].notna().all()
    assert models(folder) == ["gray", "pixel-knn"]
    left = {path.name for path in folder.glob("cells/*/*")}
    assert left == {"cell.json", "log.txt", "shard-00000.json", "shard-00000.parquet", "status.json"}
    statuses = {path: path.stat().st_mtime_ns for path in folder.glob("cells/*/status.json")}
    for keep, kept in (("best", ["pixel-knn"]), ("none", [])):
        again = run(keep_models=keep)
        assert models(folder) == kept
        assert (again.cells["mean_level"] == first.cells["mean_level"]).all()
        assert (folder / "images.parquet").read_bytes() == before
    assert {path: path.stat().st_mtime_ns for path in statuses} == statuses  # nothing was computed again
    with pytest.raises(huebench.UserError, match="--rerun pixel-knn --keep-models all"):
        first.method("pixel-knn")


def test_without_a_best_method_all_models_stay(tmp_path):
    run = huebench.run(
        methods=["mean-ab"], limit=2, size=32, metrics="psnr", out=tmp_path / "run", keep_models="best"
    )
    assert models(run.folder) == ["mean-ab"]


def test_cells_with_hints_do_not_take_the_best_methods_model(tmp_path, plugin):
    run = huebench.run(
        methods=["learns"], plugins=[plugin("learns", hints=True)], hints=(1, 2), limit=2, size=32,
        device="cpu", metrics="psnr,auc", out=tmp_path / "run", keep_models="best",
    )  # fmt: skip
    assert list(run.cells["method"]) == ["learns", "learns@1", "learns@2"]
    assert models(run.folder) == ["learns"]
