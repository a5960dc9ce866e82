"""What ``--hints`` plans: a cell for every number of hints, for methods that use them."""

import pytest

from huebench import UserError
from huebench.bench.executors.runner import _stages
from huebench.bench.plan.plan import make_plan, unused_hints
from huebench.bench.plan.request import Request
from huebench.bench.protocol.hints import HINTS
from huebench.methods.base import methods
from huebench.methods.spec import parse_specs


def plan(tmp_path, text, hints=(), **options):
    usual = {
        "limit": 1,
        "size": 32,
        "metrics": "psnr",
        "device": "cpu",
        "threads": 1,
        "out": tmp_path / "run",
    }
    return make_plan(Request.of(methods=text, hints=hints, **(usual | options)))


def test_methods_with_hints_have_a_cell_for_every_number_and_others_have_one(tmp_path):
    cells = plan(tmp_path, "gray,levin", "5,1", limit=3).cells
    assert [(cell.label, cell.hints, cell.oracle) for cell in cells] == [
        ("gray", 0, False), ("levin", 0, True), ("levin@1", 1, True), ("levin@5", 5, True),
    ]  # fmt: skip
    assert len({cell.key for cell in cells}) == len({cell.prediction_key for cell in cells}) == 4
    assert len({cell.fit_key for cell in cells if cell.name == "levin"}) == 1
    assert [len(cell.gallery) for cell in cells] == [3, 3, 1, 1]  # one picture for every number is enough


def test_only_oracles_see_the_whole_truth(tmp_path):
    cells = plan(tmp_path, "oracle-roundtrip,levin,nearest-hint", "1").cells
    assert {cell.name for cell in cells if cell.sees_truth} == {"oracle-roundtrip"}
    assert all(cell.oracle for cell in cells)


def test_one_cell_trains_a_model_before_the_others_load_it(tmp_path):
    cells = plan(tmp_path, "levin,gray,geodesic", "1,5").cells
    first, others, conditional = _stages(cells)
    assert [cell.label for cell in first] == ["levin", "gray", "geodesic"]
    assert [cell.label for cell in others] == ["levin@1", "levin@5", "geodesic@1", "geodesic@5"]
    assert not conditional
    left = [cell for cell in cells if cell.hints]  # where the others are finished
    assert [[cell.label for cell in stage] for stage in _stages(left)] == [
        ["levin@1", "geodesic@1"], ["levin@5", "geodesic@5"], [],
    ]  # fmt: skip


def test_a_label_is_the_method_as_typed_with_the_hints(tmp_path):
    *_, cell = plan(tmp_path, "geodesic[power=2]", "3").cells
    assert cell.label == "geodesic[power=2]@3"


def test_no_hints_is_what_it_was_without_the_option(tmp_path):
    methods.discover()
    without, _ = (plan(tmp_path, "gray,mean-ab", hints).cells for hints in ((), "4"))
    with_hints = plan(tmp_path, "gray,mean-ab", "4").cells
    assert [cell.prediction_key for cell in without] == [cell.prediction_key for cell in with_hints]
    assert [cell.protocol.digest for cell in without] != [cell.protocol.digest for cell in with_hints]


def test_the_numbers_are_not_in_the_digest_and_do_not_recompute_each_other(tmp_path):
    few, more = (plan(tmp_path, "levin", hints).cells for hints in ("1", "1,2"))
    assert {cell.key for cell in few} < {cell.key for cell in more}


def test_the_way_to_draw_is_in_the_keys(tmp_path, monkeypatch):
    before = [cell.prediction_key for cell in plan(tmp_path, "levin", "1").cells]
    monkeypatch.setitem(HINTS, "huebench", HINTS["ideepcolor"])
    after = [cell.prediction_key for cell in plan(tmp_path, "levin", "1").cells]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False]


def test_a_protocol_draws_its_own_way(tmp_path):
    for name in ("ideepcolor", "icolorit"):
        request = {"methods": "levin", "hints": "2", "protocol": name, "limit": 1, "out": tmp_path / "run"}
        *_, cell = make_plan(Request.of(**request)).cells
        assert cell.protocol.hints == name


def test_methods_that_need_hints_are_left_out_or_skipped_without_them(tmp_path):
    hinted = {"geodesic", "huebench-small-hints", "levin", "nearest-hint"}
    assert {spec.name for spec in parse_specs("hinted")} == hinted
    assert not hinted & {spec.name for spec in parse_specs("all", hints=False)}
    assert hinted < {spec.name for spec in parse_specs("all")}
    (cell,) = plan(tmp_path, "levin").cells
    assert cell.problem == "it colours by hints: add --hints 1,10,100"


def test_a_method_that_cannot_run_is_one_cell(tmp_path):
    (cell,) = plan(tmp_path, "siggraph17", "1,2").cells
    assert cell.problem.startswith("weights not found")
    assert (cell.label, cell.hints) == ("siggraph17", 0)


@pytest.mark.parametrize(
    ("hints", "options", "message"),
    [
        ("1,two", {}, "--hints: 'two' is not a number of hints"),
        ("101", {}, "--hints 101: a photo of 32×32 pixels has room for 100 hints of 3×3 pixels"),
        ("65537", {"protocol": "ideepcolor", "size": None, "metrics": None}, "256×256 pixels has 65,536"),
        ("1", {"dataset": "pan:samples"}, "--hints are for photos, and 'pan' has clips"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, hints, options, message):
    with pytest.raises(UserError, match=message):
        plan(tmp_path, "levin", hints, **options)


@pytest.mark.parametrize(("text", "wrong"), [("", ""), ("a", "a"), ("-1", "-1"), ("1.5", "1.5"), ("0,,3", ""),
                                             ("1,١", "١")])  # fmt: skip
def test_what_is_not_a_number_of_hints_is_refused(text, wrong):
    with pytest.raises(UserError, match=rf"^--hints: '{wrong}' is not a number of hints: give whole numbers"):
        Request.of(hints=text)


def test_hints_that_no_method_uses_are_reported(tmp_path):
    known = "huebench-small-hints, icolorit"
    assert known in unused_hints(plan(tmp_path, "gray,mean-ab", "1"))
    for text, hints in (("gray,levin", "1"), ("gray,siggraph17", "1"), ("gray", ())):
        assert unused_hints(plan(tmp_path, text, hints)) == ""


@pytest.mark.parametrize("option", ["degrade", "references"])
@pytest.mark.parametrize("text", ["", " , "])
def test_an_option_that_names_nothing_is_refused(option, text):
    with pytest.raises(UserError, match=f"^--{option}: no (degradation|choice) in '{text}'.* leave it out"):
        Request.of(**{option: text})
    assert Request.of(**{option: ()}) == Request.of()


def test_numbers_of_hints_may_be_numbers():
    assert Request.of(hints=5).hints == Request.of(hints="5").hints == Request.of(hints=[5]).hints == (5,)
