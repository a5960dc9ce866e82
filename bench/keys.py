"""Keys of cells: what must be equal for a result to be reused."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import json
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..methods.base import Method

LIBRARIES = ("numpy", "scipy", "scikit-image", "scikit-learn", "numba", "pillow", "torch")
"""Distributions whose version may move a number."""

SCORING = ("huebench.bench.metrics", "huebench.bench.protocol", "huebench.bench.cell")
"""Modules that decide a score once a method is fitted."""


@cache
def library_versions() -> dict[str, str]:
    """Return the installed version of each of `LIBRARIES`, and of Python."""
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def digest(*parts: object) -> str:
    """Return the first 16 hex digits of the SHA-256 of some JSON-able parts."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def method_source(cls: type[Method]) -> str:
    """Return a digest of a method's file and of every module of ours that it imports, directly or not."""
    return _source_digest(Path(inspect.getfile(cls)), cls.__module__)


def scoring_source() -> str:
    """Return a digest of the modules that score."""
    digests = []
    for name in SCORING:
        spec = importlib.util.find_spec(name)
        assert spec is not None  # noqa: S101  # they are part of this package
        assert spec.origin is not None  # noqa: S101
        digests.append(_source_digest(Path(spec.origin), name))
    return digest(digests)


@cache
def _source_digest(path: Path, module: str) -> str:
    files: dict[str, Path] = {module: path}
    queue = [module]
    while queue:
        current = queue.pop()
        for name, found in _own_imports(files[current], current).items():
            if name not in files:
                files[name] = found
                queue.append(name)
    contents = {name: hashlib.sha256(found.read_bytes()).hexdigest() for name, found in files.items()}
    return digest(contents)


def _own_imports(path: Path, module: str) -> dict[str, Path]:
    """Return the modules of this package that a file imports, also inside functions, with their files."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: dict[str, Path] = {}
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            candidates = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            candidates = [alias.name for alias in node.names]
        else:
            continue
        for name in candidates:
            if name.startswith("huebench.") and (file := _module_file(name)):
                found[name] = file
    return found


@cache
def _module_file(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:  # `name` is an attribute of a module, not a module
        return None
    return Path(spec.origin) if spec is not None and spec.origin else None
