"""Keys of cells: a result is reused if its key is equal.

A key covers the code and the versions of libraries (see `huebench.sources`), the photos' digests, the content
of `Method.files`, and the options that can change a number.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ...files import file_digest
from ...methods.info import MethodInfo
from ...plugins import plugin_module
from ...sources import module_file, source_digest, versions
from ..metrics import Scorer, get_metric, metric_plugin

LIBRARIES = (
    "numpy", "scipy", "scikit-image", "scikit-learn", "numba", "pillow", "torch", "torchvision",
    "torchmetrics",
)  # fmt: skip
"""Distributions whose version may change a number, whichever module imports them."""

METRICS = "huebench.bench.metrics"
"""The package of the metrics: the protocol names them, but they matter only for the score."""

PIPELINE = ("huebench.bench.cell.pipeline", "huebench.datasets.decode")
"""Modules that determine a fitted method's predictions, without `METRICS`, and with them the scores.

`metrics_source` adds the modules of the metrics themselves.
"""

SAMPLING = ("huebench.bench.protocol.training_sample", "huebench.datasets.color.bins")
"""Modules that determine the training sample."""


@cache
def library_versions() -> dict[str, str]:
    """Return the installed version of each of `LIBRARIES`, and of Python."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def digest(*parts: object) -> str:
    """Return the first 16 hex digits of the SHA-256 of JSON-serializable parts."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def class_source(cls: type, plugin: str = "") -> str:
    """Return a digest of the code of a method or a dataset, and of the libraries that it needs.

    Parameters
    ----------
    cls
        The method's or the dataset's class.
    plugin
        The plugin that registered it; see `huebench.plugins.Registry.source`.
    """
    info = getattr(cls, "info", None)
    required = versions(info.requires) if isinstance(info, MethodInfo) else {}
    return digest(source_digest(cls.__module__, Path(inspect.getfile(cls))), plugin_source(plugin), required)


def plugin_source(plugin: str) -> str:
    """Return a digest of the code of a plugin: a file, or a module of another distribution."""
    file = Path(plugin) if plugin.endswith(".py") else module_file(plugin)
    if file is None:
        return ""
    return source_digest(plugin_module(file) if plugin.endswith(".py") else plugin, file)


def files_content(files: Iterable[Path]) -> list[str]:
    """Return the SHA-256 of each file that a method reads, ``""`` for a missing one; of a folder, all files.

    Only the content counts, not the path; in a folder, file names count too.
    """
    return [_folder_content(file) if file.is_dir() else _file_content(file) for file in files]


def given_source(plugins: Iterable[str], files: Iterable[Path]) -> str:
    """Return a digest of what users provide besides photos: plugins and the files that a cell reads."""
    return digest([plugin_source(plugin) for plugin in plugins], files_content(files))


def metric_files(names: Iterable[str]) -> list[Path]:
    """Return the data files that metrics read."""
    return [file for name in names for file in get_metric(name).files]


def modules_source(names: Iterable[str], without: str = "") -> str:
    """Return a digest of modules of this package and its modules that they import, without one package."""
    return digest([source_digest(name, _file_of(name), without) for name in names])


def metrics_source(names: Iterable[str]) -> str:
    """Return a digest of the metrics that can be computed here, and of their code."""
    names = tuple(names)
    modules = {module: path for name in names for module, path in _metric_modules(name).items()}
    sources = sorted(source_digest(module, path) for module, path in modules.items())
    required = versions({package for name in names for package in get_metric(name).requires})
    plugins = [plugin_source(metric_plugin(name)) for name in names]
    files = files_content(metric_files(names))
    return digest(sorted(Scorer(names).unavailable), sources, required, plugins, files)


def scoring_source(metrics: Iterable[str]) -> str:
    """Return a digest of all code of this package that predictions and scores share, whatever the method."""
    return digest(
        modules_source(PIPELINE, without=METRICS), modules_source(PIPELINE), metrics_source(metrics)
    )


def _metric_modules(metric: str) -> dict[str, Path]:
    """Return the modules that define a metric's functions, including wrapped ones."""
    found = get_metric(metric)
    queue: list[object] = [found.function, found.curve, found.combine]
    functions = []
    while queue:
        item = queue.pop()
        if inspect.isfunction(item):
            functions.append(item)
            queue += [cell.cell_contents for cell in item.__closure__ or ()]
    # By its code: `functools.wraps` gives a wrapper the `__module__` of the wrapped function.
    own = {f.__globals__["__name__"]: Path(f.__code__.co_filename) for f in functions}
    return {name: path for name, path in own.items() if path.is_file()}


def _folder_content(folder: Path) -> str:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return digest([(file.relative_to(folder).as_posix(), _file_content(file)) for file in files])


def _file_content(file: Path) -> str:
    if not file.is_file():
        return ""
    status = file.stat()
    return _content(file, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


@cache
def _content(file: Path, *_stamp: int) -> str:
    return file_digest(file)


def _file_of(name: str) -> Path:
    file = module_file(name)
    assert file is not None  # noqa: S101  # it is part of this package
    return file
