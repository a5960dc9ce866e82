"""Contents of a wheel of the checkout."""

import ast
import importlib.util
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import huebench

ROOT = Path(huebench.__file__).parent
PACKAGES = ("bench", "datasets", "methods", "reports")


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_package_is_listed(project):
    found = {
        ".".join(["huebench", *path.parent.relative_to(ROOT).parts])
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert set(project["tool"]["setuptools"]["packages"]) == found | {"huebench"}


def test_templates_are_package_data(project):
    patterns = project["tool"]["setuptools"]["package-data"]["huebench.reports.formats"]
    shipped = {path for pattern in patterns for path in (ROOT / "reports" / "formats").glob(pattern)}
    assert shipped == {
        path for path in (ROOT / "reports" / "formats" / "templates").rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("package", ["demo", "study"])
def test_what_pages_load_is_package_data(project, package):
    patterns = project["tool"]["setuptools"]["package-data"][f"huebench.bench.web.{package}"]
    folder = ROOT / "bench" / "web" / package
    shipped = {path for pattern in patterns for path in folder.glob(pattern)}
    assert shipped == {path for path in folder.rglob("*") if path.is_file() and ".py" not in path.name}


def test_shipped_weights_are_package_data(project):
    patterns = project["tool"]["setuptools"]["package-data"]["huebench.methods.deep.huebench_small"]
    folder = ROOT / "methods" / "deep" / "huebench_small"
    shipped = {path.name for pattern in patterns for path in folder.glob(pattern)}
    assert shipped == {path.name for path in folder.iterdir() if path.suffix not in (".py", "")}


def distributions(requirements):
    return {canonical(re.split(r"[\[<>]", requirement)[0]) for requirement in requirements} - {"huebench"}


def canonical(name):
    return name.lower().replace("_", "-")


@pytest.fixture(scope="module")
def extras(project):
    """Return the distributions of every extra; those of none under the empty name."""
    groups = {"": project["project"]["dependencies"], **project["project"]["optional-dependencies"]}
    return {name: distributions(requirements) for name, requirements in groups.items()}


def test_every_dependency_is_pinned(extras):
    lines = (ROOT / "constraints.txt").read_text().split()
    assert set().union(*extras.values()) <= {canonical(line.partition("==")[0]) for line in lines}


def imported(path):
    """Return the top-level modules of other distributions that a file imports, wherever it does."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names} - {*sys.stdlib_module_names, "huebench"}


def test_what_is_imported_is_declared(extras):
    known = packages_distributions()

    def undeclared(paths, declared):
        modules = set().union(*map(imported, paths))
        return {name for name in modules if declared.isdisjoint(map(canonical, known.get(name, [name])))}

    package = [*ROOT.glob("*.py"), *(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))]
    of_users = set().union(*(found for name, found in extras.items() if name not in {"dev", "docs"}))
    assert undeclared(package, of_users) == set()
    assert undeclared((ROOT / "tests").rglob("*.py"), of_users | extras["docs"] | extras["dev"]) == set()


def test_no_top_level_package_but_huebench():
    # A wheel with a top-level `datasets` would break Hugging Face's.
    assert importlib.util.find_spec("huebench.datasets") is not None
    assert importlib.util.find_spec("methods") is None
