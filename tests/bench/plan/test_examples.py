"""What ``--references`` plans: a cell for every choice, for methods that take a reference photo."""

import pytest
from PIL import Image

from huebench import UserError
from huebench.bench.plan.plan import make_plan
from huebench.bench.plan.request import Request


def plan(tmp_path, text, references=(), **options):
    usual = {"limit": 1, "size": 32, "metrics": "psnr", "device": "cpu", "threads": 1}
    out = tmp_path / "run"
    return make_plan(Request.of(methods=text, references=references, out=out, **usual, **options))


def test_methods_with_a_reference_have_a_cell_for_every_choice_but_their_own(tmp_path):
    cells = plan(tmp_path, "gray,random-ab,histogram-matching", "neighbours,similar").cells
    assert [(cell.label, cell.example, cell.condition) for cell in cells] == [
        ("gray", "", ""),
        ("random-ab", "", ""),
        ("histogram-matching", "", ""),
        ("random-ab", "similar", " with references: similar"),
        ("histogram-matching", "random", " with references: random"),
        ("random-ab", "neighbours", " with references: neighbours"),
        ("histogram-matching", "neighbours", " with references: neighbours"),
    ]
    assert len({cell.key for cell in cells}) == len({cell.prediction_key for cell in cells}) == 7
    assert len({cell.fit_key for cell in cells if cell.name == "histogram-matching"}) == 1
    assert [len(cell.gallery) for cell in cells] == [1] * 7


def test_own_cells_and_the_runs_protocol_are_those_of_a_run_without_the_option(tmp_path):
    without, some, more = (
        plan(tmp_path, "gray,pixel-knn", references).cells
        for references in ((), "random", "random,neighbours")
    )
    assert [cell.key for cell in without] == [cell.key for cell in some[:2]]
    assert {cell.key for cell in some} < {cell.key for cell in more}
    digests = [cell.protocol.digest for cell in more]
    assert digests[0] == digests[1] == without[0].protocol.digest
    assert len(set(digests)) == 3


def test_a_random_reference_makes_a_method_depend_on_the_seed(tmp_path):
    cells = plan(tmp_path, "histogram-matching", "similar,neighbours", seeds=(0, 7)).cells
    assert [(cell.example, cell.seed) for cell in cells] == [
        ("", 0), ("random", 0), ("random", 7), ("neighbours", 0),
    ]  # fmt: skip


def test_random_is_always_compared_and_names_come_once_in_one_order():
    assert Request.of(references="neighbours,similar,similar").references == (
        "similar", "random", "neighbours",
    )  # fmt: skip
    assert Request.of(references=["category"]).references == ("random", "category")
    assert Request.of().references == ()


def test_what_cannot_be_compared_is_refused(tmp_path):
    with pytest.raises(
        UserError, match="--references: unknown choice 'best'; choose from similar, random, ca"
    ):
        Request.of(references="random,best")
    with pytest.raises(
        UserError, match=r"no method of this run takes a reference photo; .*pixel-knn, random-ab"
    ):
        plan(tmp_path, "gray,mean-ab", "random")
    for i in range(12):
        Image.new("RGB", (40, 40), (20 * i, 90, 60)).save(tmp_path / f"{i}.png")
    with pytest.raises(UserError, match=r"--references category: the photos of folder:.* have no categories"):
        plan(tmp_path, "pixel-knn", "category", dataset=f"folder:{tmp_path}")


def test_a_method_around_one_with_references_takes_them_too(tmp_path):
    pytest.importorskip("cv2", reason="needs the extra 'video'")
    cells = plan(tmp_path, "smoothed[method=color-transfer-reinhard]", "random", dataset="pan:samples").cells
    assert [cell.example for cell in cells] == ["", "random"]
    with pytest.raises(UserError, match="no method of this run takes a reference photo"):
        plan(tmp_path, "smoothed[method=gray]", "random", dataset="pan:samples")
