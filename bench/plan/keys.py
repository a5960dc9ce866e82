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
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

from ...files import file_digest
from ..metrics import Scorer, get_metric

LIBRARIES = (
    "numpy", "scipy", "scikit-image", "scikit-learn", "numba", "pillow", "torch", "torchvision",
    "torchmetrics",
)  # fmt: skip
"""Distributions whose version may move a number."""

GROUPS = ("huebench.methods", "huebench.datasets", "huebench.metrics")
"""Entry-point groups through which other distributions register plugins."""

METRICS = "huebench.bench.metrics"
"""The package of the metrics: the protocol names them, but they decide nothing before the score."""

PREDICTING = ("huebench.bench.cell.pipeline", "huebench.datasets.decode")
"""Modules that decide a prediction once a method is fitted."""

SAMPLING = ("huebench.bench.protocol.training_sample", "huebench.datasets.color.bins")
"""Modules that decide the training sample."""

SCORING = ("huebench.bench.cell.pipeline", "huebench.datasets.decode")
"""Modules that decide a score once a photo is predicted; `metrics_source` adds those of the metrics."""


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
    """Return a digest of a plugin's code.

    That is its file, every module of this package or of its own that it imports, directly or not, and the
    version of its distribution.
    """
    return _source_digest(Path(inspect.getfile(cls)), cls.__module__)


def files_content(files: Iterable[Path]) -> list[str]:
    """Return the SHA-256 of each file that a method reads: its content counts, not its name."""
    return [_content(file, file.stat().st_mtime_ns) for file in files]


def modules_source(names: Iterable[str], without: str = "") -> str:
    """Return a digest of modules of this package and of what they import of it, less one package if named."""
    return digest([_source_digest(_file_of(name), name, without) for name in names])


def metrics_source(names: Iterable[str]) -> str:
    """Return a digest of which metrics can be computed here, and of their code."""
    names = tuple(names)
    modules = {module: path for name in names for module, path in _metric_modules(name).items()}
    sources = sorted(_source_digest(path, module) for module, path in modules.items())
    return digest(sorted(Scorer(names).unavailable), sources)


def _metric_modules(metric: str) -> dict[str, Path]:
    """Return the modules that define a metric's functions, also wrapped ones."""
    found = get_metric(metric)
    queue: list[object] = [found.function, found.curve, found.combine]
    functions = []
    while queue:
        item = queue.pop()
        if inspect.isfunction(item):
            functions.append(item)
            queue += [cell.cell_contents for cell in item.__closure__ or ()]
    # Where it was written: `functools.wraps` gives a wrapper the `__module__` of what it wraps.
    own = {f.__globals__["__name__"]: Path(f.__code__.co_filename) for f in functions}
    return {name: path for name, path in own.items() if path.is_file()}


@cache
def _content(file: Path, _changed: int) -> str:
    return file_digest(file)


@cache
def _source_digest(path: Path, module: str, without: str = "") -> str:
    files: dict[str, Path] = {module: path}
    queue = [module]
    while queue:
        current = queue.pop()
        for name, found in _own_imports(files[current], current).items():
            if name not in files and not (without and name.startswith(without)):
                files[name] = found
                queue.append(name)
    contents = {name: hashlib.sha256(found.read_bytes()).hexdigest() for name, found in files.items()}
    # Nameless: the name of a `--plugin` file's module tells where the file lies.
    return digest(contents.pop(module), contents, _distributions(_top(module)))


@cache
def _own_imports(path: Path, module: str) -> dict[str, Path]:
    """Return what a file imports of this package and of its own, also inside functions, with the files."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    # A library that a plugin took a function from is not searched: it may be as large as torch.
    owners = ["huebench", *([_top(module)] if _distributions(_top(module)) else [])]
    found: dict[str, Path] = {}
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # what a plugin has for another Python
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            candidates = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            candidates = [alias.name for alias in node.names]
        else:
            continue
        for name in candidates:
            # This package's `__init__` is left out: all import it, and it says little more than a version.
            if name != "huebench" and _top(name) in owners and (file := _module_file(name)):
                found[name] = file
    return found


@cache
def _distributions(package: str) -> dict[str, str]:
    """Return the version of every distribution that registers plugins from a package other than this one."""
    if package == "huebench":
        return {}
    return {
        point.dist.name: point.dist.version
        for group in GROUPS
        for point in entry_points(group=group)
        if point.dist is not None and _top(point.value.partition(":")[0]) == package
    }


def _top(module: str) -> str:
    return module.partition(".")[0]


def _file_of(name: str) -> Path:
    file = _module_file(name)
    assert file is not None  # noqa: S101  # it is part of this package
    return file


@cache
def _module_file(name: str) -> Path | None:
    """Return a module's file without importing it, or ``None`` if its package, imported, has none for it."""
    package, *inside = name.split(".")
    folders = getattr(sys.modules.get(package), "__path__", ())
    bare = [Path(folder, *inside) for folder in folders]
    candidates = [*(each / "__init__.py" for each in bare), *(each.with_suffix(".py") for each in bare)]
    return next((file for file in candidates if file.is_file()), None)
