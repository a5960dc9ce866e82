import importlib
import pkgutil
import sys

import pytest

from huebench import UserError
from huebench.datasets.base import datasets
from huebench.methods.base import methods
from huebench.plugins import Registry, load_plugin


def test_two_plugins_of_one_name_are_refused():
    registry = Registry("shape")
    registry.register("square", 4)
    with pytest.raises(UserError, match="shape 'square' is registered twice: 4 and 5"):
        registry.register("square", 5)


def test_an_unknown_name_lists_the_known_ones():
    registry = Registry("shape")
    registry.register("square", 4)
    with pytest.raises(UserError, match="unknown shape 'zzz'; known: square"):
        registry.get("zzz")


def test_items_is_a_copy():
    registry = Registry("shape")
    registry.register("square", 4)
    registry.items().clear()
    assert registry.get("square") == 4


def test_a_module_that_fails_stays_listed_with_its_reason(tmp_path, monkeypatch):
    package = tmp_path / "shapes_of_a_test"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "sound.py").touch()
    (package / "torn_apart.py").write_text("import no_such_module")
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry("shape", ("shapes_of_a_test",))
    registry.discover()
    assert list(registry.broken) == ["torn-apart"]
    assert "No module named 'no_such_module'" in registry.broken["torn-apart"].reason
    assert "Traceback" in registry.broken["torn-apart"].trace
    with pytest.raises(UserError, match="shape 'torn-apart' cannot be imported: ModuleNotFoundError"):
        registry.get("torn-apart")


@pytest.mark.parametrize("registry", [methods, datasets], ids=["methods", "datasets"])
def test_discovered_packages_hold_plugins_only(registry):
    homes = {cls.__module__ for cls in registry.items().values()}
    for package in registry.packages:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
            name = f"{package}.{module.name}"
            assert any(home == name or home.startswith(f"{name}.") for home in homes), name


def test_an_entry_point_of_another_distribution_is_imported(tmp_path, monkeypatch):
    (tmp_path / "pentagon_plugin.py").write_text("imported = True")
    info = tmp_path / "pentagon-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pentagon\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[shapes.of.a.test]\npentagon = pentagon_plugin\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    Registry("shape", group="shapes.of.a.test").discover()
    assert sys.modules["pentagon_plugin"].imported


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.py", None, "does not exist"),
        ("plugin.txt", "x = 1", r"must end in \.py"),
        ("typo.py", "x = 1\ny = = 1", r"SyntaxError: invalid syntax \(typo\.py, line 2\)$"),
        ("calls.py", "import json\n\njson.loads('')", r"JSONDecodeError: .* \(line 3\)$"),
        ("null.py", "x = 1\0", "null bytes$"),
        ("fails.py", "x = 1\nraise RuntimeError('no')", r"fails to import: RuntimeError: no \(line 2\)"),
    ],
)
def test_plugin_file_errors_give_reason_and_line(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=message):
        load_plugin(path)


def test_a_plugin_file_is_imported_once(tmp_path):
    path = tmp_path / "counts.py"
    path.write_text(f"with open({str(tmp_path / 'count')!r}, 'a') as f: f.write('x')")
    load_plugin(path)
    load_plugin(path)
    assert (tmp_path / "count").read_text() == "x"
