"""Contents of a wheel of the checkout."""

import importlib.util
import tomllib
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


def test_every_dependency_is_pinned(project):
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().split()
    }
    groups = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    wanted = {
        requirement.split("[")[0].split(">")[0].split("<")[0].lower()
        for group in groups
        for requirement in group
    }
    assert wanted - {"huebench"} <= pinned


def test_no_top_level_package_but_huebench():
    # A wheel with a top-level `datasets` would break Hugging Face's.
    assert importlib.util.find_spec("huebench.datasets") is not None
    assert importlib.util.find_spec("methods") is None
