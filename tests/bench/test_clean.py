"""What a finished run leaves: its results, and of its models those that are to be kept."""

import pytest

import huebench

OPTIONS = {"limit": 2, "size": 32, "device": "cpu"}


def models(folder):
    return sorted(path.name.rpartition("-")[0] for path in folder.glob("models/*"))


@pytest.mark.parametrize(
    ("keep", "left"),
    [("none", []), ("best", ["pixel-knn"]), ("all", ["gray", "mean-ab", "pixel-knn"])],
)
def test_the_models_that_are_to_be_kept_are_left(tmp_path, keep, left):
    options = {**OPTIONS, "metrics": "psnr,auc", "methods": ["gray", "mean-ab", "pixel-knn"]}
    run = huebench.run(**options, out=tmp_path / "run", keep_models=keep)
    assert models(run.folder) == left
    before = (run.folder / "images.parquet").read_bytes()
    again = huebench.run(**options, out=tmp_path / "run", keep_models=keep)
    assert (again.cells["status"] == "ok").all()
    assert (run.folder / "images.parquet").read_bytes() == before


def test_without_a_best_method_all_models_stay(tmp_path):
    run = huebench.run(
        methods=["mean-ab"], **OPTIONS, metrics="psnr", out=tmp_path / "run", keep_models="best"
    )
    assert models(run.folder) == ["mean-ab"]


def test_a_model_that_was_not_kept_is_said_with_the_options_that_make_it_again(tmp_path):
    run = huebench.run(
        methods=["mean-ab"], **OPTIONS, metrics="auc", out=tmp_path / "run", keep_models="none"
    )
    with pytest.raises(huebench.UserError, match="--rerun mean-ab --keep-models all"):
        run.method("mean-ab")
