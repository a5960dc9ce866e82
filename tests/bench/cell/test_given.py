"""A cell runs with the plugins, modules and files of its key, or fails."""

import sys

import pytest

from huebench.methods.base import methods
from huebench.reports.tables import read_results

RUN = ("run", "--dataset", "samples", "--limit", 2, "--size", 32, "--metrics", "psnr", "--out", "out")


@pytest.fixture
def reasons(bench, plugin, tmp_path, monkeypatch):
    """Run a plugin, after a method that acts in its training; return the reasons of both."""
    methods.discover()
    monkeypatch.setattr(methods, "_items", methods.items())
    monkeypatch.setattr(sys, "path", sys.path.copy())

    def run(body, act="pass", parameters=""):
        (tmp_path / "given_of_a_test.py").write_text("VALUE = 5\n")
        given = plugin("given", body=body)
        given.write_text(given.read_text().replace("    def fit", f"    {parameters}\n\n    def fit"))
        acting = plugin("acting", fit=act).rename(tmp_path / "acting.py")
        code, output = bench(*RUN, "--methods", f"acting,given{'[data=data.txt]' if parameters else ''}",
              "--plugin", given, "--plugin", acting)  # fmt: skip
        assert code == 1, output
        cells = read_results(tmp_path / "out").cells.set_index("name")
        return cells["reason"].fillna("").to_dict()

    return run


ANSWER = "return np.full((*lightness.shape, 2), {}, np.float32)"


def test_an_import_that_a_key_cannot_see_fails_the_cell(reasons):
    found = reasons(
        "import importlib; " + ANSWER.format("importlib.import_module('given_of_a_' + 'test').VALUE")
    )
    assert found["acting"] == ""
    assert "given_of_a_test.py' is imported without an import statement" in found["given"]
    assert "write 'import given_of_a_test' in given.py" in found["given"]


@pytest.mark.parametrize("changed", ["given_of_a_test.py", pytest.param("data.txt", marks=pytest.mark.slow)])
def test_a_module_or_file_that_changes_after_planning_fails_the_cell(reasons, tmp_path, changed):
    (tmp_path / "data.txt").write_text("1")
    act = f"open({str(tmp_path / changed)!r}, 'w').write('VALUE = 6')"
    parameters = (
        "class Parameters(Method.Parameters):\n"
        "        data: __import__('pathlib').Path = __import__('pydantic').Field('data.txt', description='x')"
    )
    found = reasons("import given_of_a_test; " + ANSWER.format("given_of_a_test.VALUE"), act, parameters)
    assert found["acting"] == ""
    assert found["given"].startswith("a plugin of given")
    assert "has changed since the run was planned; run again" in found["given"]
