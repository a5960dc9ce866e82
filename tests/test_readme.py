"""What the README shows works when pasted."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import huebench
from huebench.bench.check import run_checks
from huebench.bench.cli import app
from huebench.datasets.registry import load_plugin
from huebench.methods.base import methods
from huebench.methods.spec import MethodSpec

README = (Path(huebench.__file__).parent / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands():
    lines = "".join(blocks("console")).splitlines()
    found = [line.removeprefix("$ ").partition("#")[0].strip() for line in lines]
    return [command for command in found if command.startswith("bench ")]


def test_the_method_works_and_is_short(tmp_path, monkeypatch):
    source = blocks("python")[0]
    assert len(source.splitlines()) <= 40
    path = tmp_path / "by_lightness.py"
    path.write_text(source)
    methods.discover()
    monkeypatch.setattr(methods, "_items", methods.items())
    load_plugin(path)
    outcomes = run_checks(MethodSpec("by-lightness"))
    assert {outcome.name: outcome.detail for outcome in outcomes if outcome.result == "failed"} == {}


@pytest.mark.parametrize("command", commands())
def test_every_command_has_options_that_exist(command):
    _, *words = shlex.split(command)
    names = [word for word in words if not word.startswith("-")]
    depth = 2 if names[0] in ("list", "datasets") else 1
    result = CliRunner().invoke(app, [*names[:depth], "--help"], env={"COLUMNS": "300", "TERM": "dumb"})
    assert result.exit_code == 0, result.output
    for option in (word for word in words if word.startswith("--")):
        assert option in result.output


def test_there_are_commands():
    assert len(commands()) > 5


def test_make_targets_exist():
    makefile = (Path(huebench.__file__).parent / "Makefile").read_text()
    for target in re.findall(r"^\$ make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
