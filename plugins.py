"""One registry for every kind of plugin: methods, datasets, metrics."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import pkgutil
import sys
import traceback
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Generic, TypeVar

from . import UserError

T = TypeVar("T")


@dataclass(frozen=True)
class Broken:
    """A plugin that could not be imported: it stays listed, with its reason.

    Attributes
    ----------
    name
        The module or entry point that failed.
    reason
        The exception in one line.
    trace
        The whole traceback.
    """

    name: str
    reason: str
    trace: str


class Registry(Generic[T]):
    """Names and the plugins behind them, found by importing every module of some packages.

    Parameters
    ----------
    kind
        What is registered, in the singular, for messages: ``"method"``.
    packages
        Packages whose modules register by being imported.
    group
        The entry-point group through which other distributions register.

    Examples
    --------
    >>> shapes = Registry[int]("shape")
    >>> shapes.register("square", 4)
    >>> shapes.get("square")
    4
    >>> shapes.get("sqare")
    Traceback (most recent call last):
    ...
    huebench.UserError: no shape is called 'sqare'; did you mean square?
    """

    def __init__(self, kind: str, packages: tuple[str, ...] = (), group: str | None = None) -> None:
        self.kind = kind
        self.broken: dict[str, Broken] = {}
        self._packages = packages
        self._group = group
        self._items: dict[str, T] = {}
        self._discovered = False

    def register(self, name: str, item: T) -> None:
        """Add ``item`` under ``name``; a name that is taken raises `UserError`."""
        if name in self._items:
            raise UserError(f"two {self.kind}s are called '{name}': {self._items[name]!r} and {item!r}")
        self._items[name] = item

    def get(self, name: str) -> T:
        """Return the plugin called ``name``; an unknown name raises `UserError` with the nearest ones."""
        self.discover()
        if name in self._items:
            return self._items[name]
        if name in self.broken:
            raise UserError(f"{self.kind} '{name}' cannot be imported: {self.broken[name].reason}")
        near = difflib.get_close_matches(name, self._items, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(self._items)}"
        raise UserError(f"no {self.kind} is called '{name}'; {hint}")

    def items(self) -> dict[str, T]:
        """Return a copy of all names and plugins, in the order of their names."""
        self.discover()
        return dict(sorted(self._items.items()))

    def discover(self) -> None:
        """Import every module that may register something; a failure is kept in `broken`."""
        if self._discovered:
            return
        self._discovered = True
        for package_name in self._packages:
            package = importlib.import_module(package_name)
            for module in pkgutil.iter_modules(package.__path__):
                self._attempt(module.name.replace("_", "-"), f"{package_name}.{module.name}")
        for point in entry_points(group=self._group) if self._group else ():
            self._attempt(point.name, point.value.partition(":")[0])

    def _attempt(self, name: str, module: str) -> None:
        try:
            importlib.import_module(module)
        except Exception as error:  # noqa: BLE001  # whatever a plugin raises, it must not stop the others
            reason = f"{type(error).__name__}: {error}"
            self.broken[name] = Broken(name, reason, traceback.format_exc())


def load_plugin(path: Path) -> None:
    """Import one Python file, so that what it decorates is registered.

    Raises
    ------
    UserError
        If the file is missing or fails to import.
    """
    if not path.is_file():
        what = "is a folder: name the Python file" if path.is_dir() else "does not exist"
        raise UserError(f"plugin file '{path}' {what}")
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    name = f"huebench_plugin_{path.stem}_{digest}"
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"plugin file '{path}' is not a Python file: its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        if isinstance(error, UserError):
            raise
        # The plugin's own line, where what it calls raises; the text of its own SyntaxError says the line.
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == spec.origin]
        where = f" (line {lines[-1]})" if lines else ""
        raise UserError(
            f"plugin file '{path}' fails to import: {type(error).__name__}: {error}{where}"
        ) from error
