"""Every example in a docstring is true."""

import doctest
import importlib
import importlib.metadata
import pkgutil

import pytest

import huebench

PACKAGES = ("bench", "datasets", "methods", "reports")

NEEDS = {"huebench.bench.web.demo.page": "gradio"}
"""Modules that cannot be imported without an extra, and what it brings."""


def modules():
    yield from ("huebench.files", "huebench.plugins")
    for package in PACKAGES:
        name = f"huebench.{package}"
        yield name
        path = importlib.import_module(name).__path__
        yield from (module.name for module in pkgutil.walk_packages(path, f"{name}."))


@pytest.mark.parametrize("name", list(modules()))
def test_examples_are_true(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason="needs the extra 'demo'")
    failures, _ = doctest.testmod(importlib.import_module(name))
    assert failures == 0


def test_there_are_examples():
    found = [importlib.import_module(name) for name in modules() if name not in NEEDS]
    assert sum(doctest.testmod(module).attempted for module in found) > 10


def test_version_is_the_distributions():
    assert importlib.metadata.version("huebench") == huebench.__version__
