"""A plugin's class that cannot be used costs itself: one row, with its reason, and the others go on."""

import re

import pytest

from huebench.methods.base import methods
from huebench.reports.tables import read_results

PLUGIN = '''
from huebench.methods.base import Method, MethodInfo, register

@register
class Hostile(Method):
    """Made for a test."""

    info = MethodInfo(name="hostile", family="{family}", source="a test")

    {body}

    def colorize(self, lightness, context):
        raise AssertionError
'''

BODIES = {
    "ValueError: no net": "def __init__(self, **given): raise ValueError('no net')",
    "OSError: no net in [/data/nets]": "def missing(self): raise OSError('no net in [/data/nets]')",
    "TypeError: Hostile.__init__() got an unexpected keyword": "def __init__(self): super().__init__(a=1)",
    "ZeroDivisionError: ": "files = property(lambda self: 1 / 0)",
}


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    methods.discover()
    monkeypatch.setattr(methods, "_items", methods.items())

    def write(body="", family="baseline"):
        path = tmp_path / "hostile.py"
        path.write_text(PLUGIN.format(body=body, family=family))
        return path

    return write


@pytest.mark.parametrize("reason", BODIES)
def test_a_class_that_raises_is_a_row_and_the_others_run(bench, hostile, tmp_path, reason):
    path = hostile(BODIES[reason])
    name = "hostile[b=1],hostile[b=2]" if "keyword" in reason else "hostile"
    arguments = ("--plugin", path, "--methods", f"{name},gray", "--limit", 2, "--metrics", "psnr")
    code, output = bench("run", *arguments, "--out", "out")
    assert code == 1, output
    cells = read_results(tmp_path / "out").cells.set_index("method")
    assert cells.loc["gray", "status"] == "ok"
    assert [name for name in cells.index if name != "gray"] == name.split(",")
    assert set(cells.drop("gray")["status"]) == {"failed"}
    assert cells.drop("gray")["reason"].str.startswith(reason).all()
    assert reason in output


@pytest.mark.parametrize("reason", list(BODIES)[:2])
def test_a_class_that_raises_is_listed_and_checked_with_its_reason(bench, hostile, reason):
    path = hostile(BODIES[reason])
    code, output = bench("list", "methods", "--plugin", path)
    assert code == 0, output
    assert re.search(rf"^ hostile +baseline +{re.escape(reason)}", output, re.MULTILINE)
    assert re.search(r"^ gray +baseline", output, re.MULTILINE)
    code, output = bench("check", "hostile", "--plugin", path)
    assert code == 1
    assert re.search(rf"^ metadata +failed +{re.escape(reason)}", output, re.MULTILINE)


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        (
            {"family": "quantum"},
            "MethodInfo of 'hostile': family: must be 'baseline', 'classical',",
        ),
        ({"body": "class Parameters: pass"}, "method 'hostile': its Parameters must inherit"),
    ],
)
def test_a_class_against_the_contract_is_refused_when_it_registers(bench, hostile, plugin, message):
    code, output = bench("list", "methods", "--plugin", hostile(**plugin))
    assert code == 2
    assert message in output


@pytest.mark.parametrize("name", ["gray", "encoder-decoder"])
def test_a_parameter_called_self_is_a_mistake(bench, name):
    code, output = bench("run", "--methods", f"{name}[self=1]", "--dry-run")
    assert code == 2
    assert f"error: method '{name}': self: unknown" in output


WRONG = {
    "notes": ("notes = property(lambda self: ['trained', 'well'])", "pass", "notes: must be a table"),
    "count": ("parameter_count = property(lambda self: 1.5)", "pass", "parameter_count: must be a whole"),
    "long": ("notes = property(lambda self: {'a': 'x' * 10**6})", "pass", "notes.a: must have at"),
    "loss": ("", "context.log_epoch(Epoch(1, 2, 'validation', 0.5, None))", "accuracy: must be a number"),
    "steps": ("", "context.progress(1, '2', 'x')", "total: must be a whole number"),
    "halves": ("", "raise ValueError('a\\udcff')", "ValueError: a\\udcff"),
    "large": ("", "raise ValueError('x' * 10**7)", "ValueError: xxx"),
}


@pytest.mark.slow
def test_wrong_words_of_a_method_cost_its_own_row_and_nothing_more_on_the_next_run(bench, tmp_path):
    text = "import numpy as np\nfrom huebench import Method, MethodInfo, register\n"
    text += "from huebench.methods.base import Epoch\n"
    for name, (body, fit, _) in WRONG.items():
        text += (
            f"@register\nclass {name.title()}(Method):\n    info = MethodInfo(name='{name}', "
            f"family='baseline', source='a test', trainable=True)\n    {body}\n"
            f"    def fit(self, train, validation, context): {fit}\n"
            "    def colorize(self, lightness, context): return np.zeros((*lightness.shape, 2), np.float32)\n"
        )
    (tmp_path / "wrong.py").write_text(text)
    arguments = ("--plugin", "wrong.py", "--methods", ",".join(["gray", *WRONG]), "--limit", 2, "--size", 32)
    for _ in range(2):
        code, output = bench("run", *arguments, "--metrics", "psnr", "--out", "out")
        assert code == 1, output
        cells = read_results(tmp_path / "out").cells.set_index("method")
        assert cells.loc["gray", "status"] == "ok"
        for name, (_, _, reason) in WRONG.items():
            assert cells.loc[name, "status"] == "failed", name
            assert reason in cells.loc[name, "reason"]
        assert cells["reason"].str.len().max() <= 2000
        assert (tmp_path / "out" / "report.md").is_file()
