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

RAISED = (Exception, SystemExit)
"""Whatever the code of a plugin may raise: a plugin that exits must not end the run, and with exit code 0."""


@dataclass(frozen=True)
class Broken:
    """A plugin that cannot be imported; it stays listed with the reason.

    Attributes
    ----------
    name
        The module or entry point that failed.
    reason
        The exception, in one line.
    trace
        The full traceback.
    """

    name: str
    reason: str
    trace: str


class Registry(Generic[T]):
    """Plugins of one kind by name, found by importing every module and sub-package of some packages.

    Parameters
    ----------
    kind
        The kind in the singular, for messages: ``"method"``.
    packages
        Packages that hold plugins only: each module or sub-package registers one or more when imported.
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
    huebench.UserError: unknown shape 'sqare'; did you mean square?
    """

    def __init__(self, kind: str, packages: tuple[str, ...] = (), group: str | None = None) -> None:
        self.kind = kind
        self.broken: dict[str, Broken] = {}
        self.packages = packages
        self._group = group
        self._items: dict[str, T] = {}
        self._discovered = False

    def register(self, name: str, item: T) -> None:
        """Register ``item`` under ``name``; a name already taken raises `UserError`."""
        if name in self._items:
            taken, new = (getattr(each, "__module__", repr(each)) for each in (self._items[name], item))
            raise UserError(
                f"{self.kind} '{name}' is registered twice: {taken} and {new}; rename one of them"
            )
        self._items[name] = item

    def get(self, name: str) -> T:
        """Return a plugin by its name; an unknown name raises `UserError`, which shows the nearest ones."""
        self.discover()
        if name in self._items:
            return self._items[name]
        if name in self.broken:
            raise UserError(f"{self.kind} '{name}' cannot be imported: {self.broken[name].reason}")
        near = difflib.get_close_matches(name, self._items, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(self._items)}"
        raise UserError(f"unknown {self.kind} '{name}'; {hint}")

    def items(self) -> dict[str, T]:
        """Return all plugins by name, sorted, as a copy."""
        self.discover()
        return dict(sorted(self._items.items()))

    def discover(self) -> None:
        """Import every plugin once; those that fail are kept in `broken`."""
        if self._discovered:
            return
        self._discovered = True
        for package_name in self.packages:
            package = importlib.import_module(package_name)
            for module in pkgutil.iter_modules(package.__path__):
                self._attempt(module.name.replace("_", "-"), f"{package_name}.{module.name}")
        for point in entry_points(group=self._group) if self._group else ():
            self._attempt(point.name, point.value.partition(":")[0])

    def _attempt(self, name: str, module: str) -> None:
        try:
            importlib.import_module(module)
        except RAISED as error:  # whatever a plugin raises, it must not stop the others
            reason = f"{type(error).__name__}: {error}"
            self.broken[name] = Broken(name, reason, traceback.format_exc())


def load_plugin(path: Path) -> None:
    """Import one Python file, once, so that the plugins in it are registered.

    Raises
    ------
    UserError
        If the file is missing or fails to import.
    """
    if not path.is_file():
        what = "is a folder: name the Python file in it" if path.is_dir() else "does not exist"
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
    except RAISED as error:
        del sys.modules[name]
        if isinstance(error, UserError):
            raise
        # Show the plugin's own line if code that it calls raises; a SyntaxError's text already has the line.
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == spec.origin]
        where = f" (line {lines[-1]})" if lines else ""
        raise UserError(
            f"plugin file '{path}' fails to import: {type(error).__name__}: {error}{where}"
        ) from error
