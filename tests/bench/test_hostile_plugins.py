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
    assert set(cells.loc[["hostile"], "status"]) == {"failed"}
    assert cells.loc[["hostile"], "reason"].str.startswith(reason).all()
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
            "MethodInfo of 'hostile': family: Input should be 'baseline', 'classical' or 'deep'",
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
    assert f"error: method '{name}': self: Extra inputs are not permitted" in output
