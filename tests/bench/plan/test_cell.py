"""Specifications of cells: those of a run folder that somebody else made are not trusted."""

import json

import pytest

from huebench import UserError
from huebench.bench.plan.cell import Cell
from huebench.bench.plan.plan import make_plan
from huebench.bench.plan.request import Request
from huebench.bench.rescore import _that_ran


@pytest.fixture
def cell(tmp_path):
    request = Request(methods="gray", limit=1, device="cpu", threads=1, metrics="psnr", out=tmp_path / "run")
    (cell,) = make_plan(request).cells
    cell.write()
    return cell


def test_a_specification_comes_back_wherever_the_run_folder_is(cell, tmp_path):
    assert Cell.read(tmp_path / "run", cell.key) == cell
    (tmp_path / "run").rename(tmp_path / "moved")
    moved = Cell.read(tmp_path / "moved", cell.key)
    assert moved.run_folder == tmp_path / "moved"
    assert Cell.of_specification(tmp_path / "moved" / "cells" / f"gray-{cell.key}" / "cell.json") == moved


@pytest.mark.parametrize(
    "key", ["../x", "../../other/cells/0123456789abcdef", "", "0" * 15, "0" * 16 + "\n", "<NA>"]
)
def test_a_table_that_names_no_cell_is_damaged(tmp_path, key):
    with pytest.raises(UserError, match="is not the key of a cell"):
        Cell.read(tmp_path, key)


@pytest.mark.parametrize(
    "field", ["key", "fit_key", "prediction_key", "scored", "sample", "training_key", "rescored"]
)
def test_a_key_that_leads_out_of_the_run_folder_is_refused(cell, tmp_path, field):
    path = cell.folder / "cell.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: "../../elsewhere"}))
    with pytest.raises(
        UserError, match=r"cell\.json' is missing or damaged; run the benchmark again: 1 faults"
    ):
        Cell.read(tmp_path / "run", cell.key)


def test_a_specification_of_another_cell_is_refused(cell, tmp_path):
    path = cell.folder / "cell.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"key": "0" * 16}))
    with pytest.raises(UserError, match="it describes another cell"):
        Cell.read(tmp_path / "run", cell.key)


def test_folders_have_names_that_a_person_can_read(cell, tmp_path):
    named = cell.model_copy(update={"name": "patch-som-knn", "label": "ours", "seed": 3})
    assert named.folder == tmp_path / "run" / "cells" / f"patch-som-knn-seed-3-{cell.key}"
    assert named.model_folder.name == f"patch-som-knn-seed-3-{cell.fit_key}"
    assert cell.training_sample.name == f"training-sample-{cell.sample}.npz"


@pytest.mark.parametrize("field", [{"name": "../../elsewhere"}, {"seed": 4}])
def test_a_specification_whose_folder_has_another_name_is_refused(cell, tmp_path, field):
    path = cell.folder / "cell.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | field))
    with pytest.raises(UserError, match="it describes another cell"):
        Cell.read(tmp_path / "run", cell.key)


def test_a_cell_that_scores_its_own_predictions_again_is_refused(cell, tmp_path):
    cell.model_copy(update={"rescored": cell.key}).write()
    with pytest.raises(UserError, match=f"{cell.key} did not run its method"):
        _that_ran(Cell.read(tmp_path / "run", cell.key))
