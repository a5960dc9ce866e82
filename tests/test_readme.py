"""The method that the README shows is one."""

import re
from pathlib import Path

import huebench
from huebench.bench.conformance.run import run_checks
from huebench.methods.base import methods
from huebench.methods.spec import MethodSpec
from huebench.plugins import load_plugin

README = (Path(huebench.__file__).parent / "README.md").read_text()


def test_the_method_works_and_is_short(tmp_path, monkeypatch):
    source = re.search(r"`by_lightness.py`:\n\n```python\n(.*?)```", README, re.DOTALL)[1]
    assert len(source.splitlines()) <= 40
    path = tmp_path / "by_lightness.py"
    path.write_text(source)
    methods.discover()
    monkeypatch.setattr(methods, "_items", methods.items())
    load_plugin(path)
    outcomes = run_checks(MethodSpec("by-lightness"))
    assert {outcome.name: outcome.detail for outcome in outcomes if outcome.result == "failed"} == {}
