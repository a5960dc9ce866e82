"""Keys of cells: what must be equal for a result to be reused."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .metrics import Scorer, get_metric

PACKAGE = Path(__file__).parents[1]
"""The root of this package."""

LIBRARIES = (
    "numpy", "scipy", "scikit-image", "scikit-learn", "numba", "pillow", "torch", "torchvision",
    "torchmetrics",
)  # fmt: skip
"""Distributions whose version may move a number."""

PREDICTING = ("huebench.bench.protocol", "huebench.bench.colorizing", "huebench.datasets.decode")
"""Modules that decide a prediction once a method is fitted."""

SCORING = ("huebench.bench.protocol", "huebench.bench.scoring", "huebench.datasets.decode")
"""Modules that decide a score once a photo is predicted; the metrics come with them."""


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


def class_source(cls: type) -> str:
    """Return a digest of a plugin's file and of every module of ours that it imports, directly or not."""
    return _source_digest(Path(inspect.getfile(cls)), cls.__module__)


def files_content(files: Iterable[Path]) -> list[str]:
    """Return the SHA-256 of each file that a method reads: its content counts, not its name."""
    return [_content(file, file.stat().st_mtime_ns) for file in files]


def modules_source(names: Iterable[str]) -> str:
    """Return a digest of modules of this package and of what they import."""
    return digest([_source_digest(_file_of(name), name) for name in names])


def metrics_source(names: Iterable[str]) -> str:
    """Return a digest of which metrics can be computed here, and of the files that come from plugins."""
    names = tuple(names)
    files = {path for name in names for path in _plugin_files(name)}
    contents = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
    return digest(sorted(Scorer(names).unavailable), contents)


def _plugin_files(metric: str) -> set[Path]:
    """Return the files outside this package that define a metric's functions, also wrapped ones."""
    found = get_metric(metric)
    queue: list[object] = [*found.compute.values(), found.features, found.combine]
    functions = []
    while queue:
        item = queue.pop()
        if inspect.isfunction(item):
            functions.append(item)
            queue += [cell.cell_contents for cell in item.__closure__ or ()]
    own = {f.__code__.co_filename for f in functions if not f.__module__.startswith("huebench.")}
    return {path for name in own if (path := Path(name)).is_file()}


@cache
def _content(file: Path, _changed: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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


@cache
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


def _file_of(name: str) -> Path:
    file = _module_file(name)
    assert file is not None  # noqa: S101  # it is part of this package
    return file


@cache
def _module_file(name: str) -> Path | None:
    """Return the file of a module of this package without importing it, or ``None`` if there is none."""
    bare = PACKAGE.joinpath(*name.split(".")[1:])
    candidates = (bare.with_suffix(".py"), bare / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)
