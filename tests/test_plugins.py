import importlib
import multiprocessing
import pkgutil
import sys
from pathlib import Path

import pytest

from huebench import UserError
from huebench.datasets.base import datasets
from huebench.methods.base import methods
from huebench.plugins import Registry, check_imports, load_plugin, plugin_module


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


def test_a_name_imports_its_own_module_first_and_all_others_if_it_is_elsewhere(tmp_path, monkeypatch):
    package = tmp_path / "forms_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("from huebench.plugins import Registry\nforms = Registry('form')\n")
    for module, name in (("round_disc", "round-disc"), ("cubes", "cube")):
        (package / f"{module}.py").write_text(f"from . import forms\nforms.register({name!r}, {module!r})\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry = importlib.import_module("forms_of_a_test").forms
    registry.packages = ("forms_of_a_test",)
    assert registry.get("round-disc") == "round_disc"
    assert "forms_of_a_test.cubes" not in sys.modules
    assert registry.get("cube") == "cubes"
    assert list(registry.items()) == ["cube", "round-disc"]


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


A_SHAPE = "from huebench.plugins import Registry\nRegistry('shape').register('square', 4)\n"
"""The lines of a plugin that registers something in the shortest way."""


def test_a_plugin_file_that_registers_nothing_is_refused_every_time(tmp_path):
    path = tmp_path / "forgot.py"
    path.write_text("from huebench import Method\n\nclass Mine(Method):\n    pass\n")
    for _ in range(2):
        with pytest.raises(UserError, match=r"forgot\.py' registers nothing: put @register above a method's"):
            load_plugin(path)


def test_a_plugin_file_is_imported_once(tmp_path):
    path = tmp_path / "counts.py"
    path.write_text(f"{A_SHAPE}with open({str(tmp_path / 'count')!r}, 'a') as f: f.write('x')")
    load_plugin(path)
    load_plugin(path)
    assert (tmp_path / "count").read_text() == "x"


REGISTERS = """
from huebench.methods.base import Method, MethodInfo, register

@register
class Plugin(Method):
    info = MethodInfo(name="{name}", family="baseline", source="a test")

    def colorize(self, lightness, context):
        raise AssertionError
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path / "mine.py"


def test_a_plugin_with_the_name_of_a_built_in_method_is_refused_in_one_line(path):
    path.write_text(REGISTERS.format(name="gray"))
    with pytest.raises(UserError, match=r"^method 'gray' is registered twice: .*give one .* another name$"):
        load_plugin(path)
    assert "gray" not in methods.broken


def test_the_registry_knows_which_plugin_registered_a_name(path):
    path.write_text(REGISTERS.format(name="from-a-file"))
    load_plugin(path)
    assert methods.source("from-a-file") == str(path)
    assert methods.source("gray") == ""


@pytest.mark.parametrize(
    ("line", "instead"),
    [("from .shades import RED", "from shades import …"), ("from . import shades", "import …")],
)
def test_a_relative_import_in_a_plugin_file_is_refused_with_what_to_write(path, line, instead):
    (path.parent / "shades.py").write_text("RED = 1")
    path.write_text(line)
    with pytest.raises(UserError, match=rf"mine.py': '.*' cannot work in a single file: write '{instead}'"):
        load_plugin(path)


def test_a_module_that_hides_one_next_to_the_plugin_is_an_error(path):
    (path.parent / "yaml.py").write_text("")
    path.write_text("import yaml")
    with pytest.raises(UserError, match=r"yaml.py' is hidden by '.*__init__.py': rename it$"):
        load_plugin(path)


def test_two_plugins_do_not_share_modules_of_one_name(path, tmp_path):
    other = tmp_path / "other" / "theirs.py"
    other.parent.mkdir()
    for file in (path, other):
        file.write_text(f"{A_SHAPE}import shades_of_both")
        (file.parent / "shades_of_both.py").write_text("")
    load_plugin(path)
    with pytest.raises(UserError, match=r"other/shades_of_both.py' is hidden by '.*of_both.py': rename"):
        load_plugin(other)
    del sys.modules["shades_of_both"]


def test_a_plugin_file_that_has_changed_is_not_taken_for_the_one_imported(path):
    path.write_text(f"{A_SHAPE}x = 1")
    load_plugin(path)
    path.write_text(f"{A_SHAPE}x = 2")
    with pytest.raises(UserError, match="has changed since it was imported: start Python again"):
        load_plugin(path)


def test_a_spawned_process_imports_a_plugin_by_its_modules_name(path):
    path.write_text(f"{A_SHAPE}\ndef twice(x):\n    return 2 * x\n")
    load_plugin(path)
    module = importlib.import_module(plugin_module(path))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map_async(module.twice, [1, 2]).get(timeout=60) == [2, 4]


def test_imports_beside_plugins_that_no_statement_names_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path.copy())
    texts = {
        "named_by_a_plugin_of_a_test": "",
        "hidden_from_a_plugin_of_a_test": "",
        "one_plugin_of_a_test": f"{A_SHAPE}import named_by_a_plugin_of_a_test",
        "other_plugin_of_a_test": f"{A_SHAPE}import importlib\nNAME = 'hidden_from_a_plugin' + '_of_a_test'",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    plugins = [str(tmp_path / f"{name}_plugin_of_a_test.py") for name in ("one", "other")]
    for plugin in plugins:
        load_plugin(Path(plugin))
    check_imports([*plugins, "a_module_of_a_distribution"])
    importlib.import_module("hidden_from_a_plugin_of_a_test")
    with pytest.raises(UserError, match=r"hidden_.*\.py' is imported .* write 'import hidden_"):
        check_imports(plugins)
    for name in texts:
        sys.modules.pop(name, None)
