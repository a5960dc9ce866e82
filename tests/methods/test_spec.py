import pytest

from huebench import UserError
from huebench.methods.base import methods
from huebench.methods.info import FAMILIES
from huebench.methods.spec import MethodSpec, label, parse_specs, required_parameters


def names(text):
    return [spec.name for spec in parse_specs(text)]


def test_all_lists_every_method_by_family():
    found = names("all")
    assert sorted(found) == sorted(methods.items().keys() - {"external", "model"})
    families = [methods.get(name).info.family for name in found]
    assert families == sorted(families, key=FAMILIES.index)


def test_a_method_with_a_required_parameter_runs_only_if_named():
    assert required_parameters(methods.get("external")) == ["file"]
    assert "external" not in names("deep")
    assert names("external[file=net.onnx]") == ["external"]
    with pytest.raises(UserError, match="method 'external': file: missing"):
        parse_specs("external")[0].build()


def test_family_and_names_mix_without_repeats():
    assert names("pixel-knn,classical").count("pixel-knn") == 1
    assert set(names("baseline")) == {n for n, c in methods.items().items() if c.info.family == "baseline"}


def test_a_list_can_do_without_oracles():
    oracles = {name for name, cls in methods.items().items() if cls.info.oracle}
    without = [spec.name for spec in parse_specs("all", oracles=False)]
    assert oracles
    assert without == [name for name in names("all") if name not in oracles]
    assert [spec.name for spec in parse_specs("oracle-lowres", oracles=False)] == ["oracle-lowres"]


def test_parameters_are_read_and_checked():
    (spec,) = parse_specs("pixel-knn[neighbours=3, samples=50]")
    method = spec.build()
    assert method.parameters.neighbours == 3
    assert label(method) == "pixel-knn[neighbours=3,samples=50]"


def test_one_method_with_two_parameters_is_two_methods():
    assert len(parse_specs("pixel-knn[neighbours=3],pixel-knn[neighbours=4]")) == 2


@pytest.mark.parametrize("value", ["a,b.onnx", "a]b.onnx", 'a"b.onnx', "a [1], b=2.onnx", "plain.onnx"])
def test_a_value_with_a_comma_or_a_bracket_is_quoted(value):
    doubled = value.replace('"', '""')
    (external, _) = parse_specs(f'external[size=8, file="{doubled}"],gray')
    assert external.parameters == {"size": "8", "file": value}
    # The label is what one would type.
    assert parse_specs(label(external.build()))[0].build().parameters == external.build().parameters


def test_a_comma_without_quotes_gets_advice_to_quote():
    with pytest.raises(UserError, match=r"not a parameter: .b.onnx.; .*quote a value with a comma"):
        parse_specs("external[file=a,b.onnx]")


def test_label_leaves_defaults_out():
    assert label(MethodSpec("pixel-knn", {"neighbours": "5"}).build()) == "pixel-knn"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grey", "did you mean gray"),
        ("", "no method in ''"),
        ("gray[", "cannot read"),
        ("gray]", "cannot read"),
        ("pixel-knn[neighbours]", "not a parameter: 'neighbours'"),
        ("pixel-knn[neighbours=1,neighbours=2]", "given twice"),
        ("deep[epochs=1]", r"'deep' takes no parameters; write \[epochs=1\] after the name of each method"),
        ("gray,all[nonsense=1]", r"'all' takes no parameters; write \[nonsense=1\]"),
    ],
)
def test_unreadable_specs_give_advice(text, message):
    with pytest.raises(UserError, match=message):
        parse_specs(text)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"neighbours": "none"}, "neighbours: must be a whole number"),
        ({"neighbours": "0"}, "must be at least 1"),
        ({"k": "3"}, r"k: unknown \(its parameters: neighbours, samples\)"),
    ],
)
def test_wrong_parameters_teach(parameters, message):
    with pytest.raises(UserError, match=message):
        MethodSpec("pixel-knn", parameters).build()


def test_a_broken_plugin_is_selected_and_refused(monkeypatch):
    from huebench.plugins import Broken

    methods.discover()
    monkeypatch.setitem(methods.broken, "shattered", Broken("shattered", "ImportError: no colour", ""))
    assert "shattered" in names("all")
    with pytest.raises(UserError, match="'shattered' cannot be imported: ImportError: no colour"):
        parse_specs("shattered")[0].build()


def test_a_row_is_named_or_reads_as_typed():
    named, typed, plain = parse_specs(
        "Ours (v1.2)=pixel-knn, pixel-knn[samples=50, neighbours=5], gray", rows=True
    )
    assert (named.label, named.name, named.parameters) == ("Ours (v1.2)", "pixel-knn", {})
    assert typed.label == "pixel-knn[samples=50,neighbours=5]"
    assert plain.label == "gray"


def test_a_name_holds_wherever_its_method_is_listed():
    found = parse_specs("baseline,mine=gray", rows=True)
    assert [spec.label for spec in found if spec.name == "gray"] == ["mine"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a=gray,a=mean-ab", "two methods would have the row 'a'"),
        ("a=gray,b=gray", "'gray' would have two rows, a and b"),
        ("mine=deep", "'deep' stands for several"),
        ("truth=gray", "tables use 'truth' for something else"),
        ("mean-ab=gray", "tables use 'mean-ab' for something else"),
        ("<b>=gray", "'<b>' cannot name a row"),
        (f"{'x' * 41}=gray", "cannot name a row"),
    ],
)
def test_a_name_that_is_ambiguous_or_odd_is_refused(text, told):
    with pytest.raises(UserError, match=told):
        parse_specs(text, rows=True)


def test_only_a_run_names_rows():
    with pytest.raises(UserError, match="only `bench run` names rows; write gray"):
        parse_specs("mine=gray")
