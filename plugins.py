"""The registry for all kinds of plugins (methods, datasets, metrics), and the import of plugin files.

A ``--plugin`` file is imported as a module below this one. Its folder is on ``sys.path``, so it can import
files next to it, and processes that it spawns can import it by its module's name.
"""

import difflib
import hashlib
import importlib
import importlib.util
import pkgutil
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import ClassVar, Generic, TypeVar

from . import UserError
from .sources import code_of, forget, module_file, relative_imports, unseen_imports

__path__: list[str] = []  # makes this module a package, whose modules `PluginFiles` finds

T = TypeVar("T")

_contents: dict[str, bytes] = {}
"""The plugin files that were imported, by their modules' names."""

_source: ContextVar[str] = ContextVar("source", default="")
"""The plugin that is being imported: a file, the module of an entry point, or ``""`` for a built-in one."""

_registered: set[str] = set()
"""The plugins that have registered something, as in `_source`."""

RAISED = (Exception, SystemExit)
"""All exceptions that a plugin may raise: one that exits must not end the run, let alone with exit code 0."""


@dataclass(frozen=True)
class Broken:
    """A plugin that cannot be imported; it is listed with the reason."""

    name: str  #: The module or entry point that failed
    reason: str  #: The exception, in one line
    trace: str  #: The full traceback


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

    other_distributions: ClassVar[bool] = True
    """Whether plugins from other distributions are imported too; see `import_only`."""

    def __init__(self, kind: str, packages: tuple[str, ...] = (), group: str | None = None) -> None:
        self.kind = kind
        self.broken: dict[str, Broken] = {}
        self.packages = packages
        self._group = group
        self._items: dict[str, T] = {}
        self._sources: dict[str, str] = {}
        self._discovered = False

    def register(self, name: str, item: T) -> None:
        """Register ``item`` under ``name``; a name already taken raises `UserError`."""
        if _source.get():
            self.discover()  # so that a plugin cannot take the name of a built-in one
        if name in self._items:
            taken, new = (getattr(each, "__module__", repr(each)) for each in (self._items[name], item))
            raise UserError(
                f"{self.kind} '{name}' is registered twice: {taken} and {new}; give one of them another name"
            )
        self._items[name] = item
        self._sources[name] = _source.get()
        _registered.add(_source.get())

    def get(self, name: str) -> T:
        """Return a plugin by its name; an unknown name raises `UserError`, which shows the nearest ones.

        The others are imported only if the module of that name does not register it.
        """
        if not self._discovered and name not in self._items:
            for title, module in self._modules():
                if title == name:
                    self._attempt(title, module, "")
        if name not in self._items:
            self.discover()
        if name in self._items:
            return self._items[name]
        if name in self.broken:
            raise UserError(f"{self.kind} '{name}' cannot be imported: {self.broken[name].reason}")
        near = difflib.get_close_matches(name, self._items, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(self._items)}"
        raise UserError(f"unknown {self.kind} '{name}'; {hint}")

    def source(self, name: str) -> str:
        """Return the plugin that registered a name: a file, a module, or ``""`` for a built-in one."""
        self.discover()
        return self._sources.get(name, "")

    def items(self) -> dict[str, T]:
        """Return all plugins by name, sorted, as a copy."""
        self.discover()
        return dict(sorted(self._items.items()))

    def discover(self) -> None:
        """Import every plugin once; those that fail are kept in `broken`."""
        if self._discovered:
            return
        self._discovered = True
        for title, module in self._modules():
            self._attempt(title, module, "")
        if self._group and self.other_distributions:
            for point in entry_points(group=self._group):
                module_name = point.value.partition(":")[0]
                self._attempt(point.name, module_name, module_name)

    def _modules(self) -> list[tuple[str, str]]:
        """Return the modules of the packages: the name of each as a plugin is called, and its full name."""
        return [
            (module.name.replace("_", "-"), f"{package}.{module.name}")
            for package in self.packages
            for module in pkgutil.iter_modules(importlib.import_module(package).__path__)
        ]

    def _attempt(self, name: str, module: str, source: str) -> None:
        try:
            with _registering(source):
                importlib.import_module(module)
        except RAISED as error:  # whatever a plugin raises, it must not stop the others
            reason = f"{type(error).__name__}: {error}"
            self.broken[name] = Broken(name, reason, traceback.format_exc())


class PluginFiles(MetaPathFinder):
    """Finds a plugin file by the name of its module, in every process that has its folder on ``sys.path``."""

    def find_spec(
        self,
        fullname: str,
        path: object = None,  # noqa: ARG002  # given by Python
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return the module's spec, or ``None`` if it is not a plugin file's."""
        if not fullname.startswith(f"{__name__}."):
            return None
        files = (file for folder in sys.path for file in Path(folder).glob("*.py"))
        found = next((file for file in files if plugin_module(file) == fullname), None)
        return importlib.util.spec_from_file_location(fullname, found) if found else None


sys.meta_path.append(PluginFiles())


def plugin_module(path: Path) -> str:
    """Return the module name of a plugin file, unique to the file."""
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    stem = re.sub(r"\W", "_", path.stem)
    return f"{__name__}.{stem}_{digest}"


def load_plugin(path: Path) -> None:
    """Import one Python file, once, so that the plugins in it are registered.

    Raises `UserError` if the file is missing, fails to import, registers nothing, imports a file next to it
    that another module hides, or has changed since it was imported.
    """
    if not path.is_file():
        what = "is a folder: name the Python file in it" if path.is_dir() else "does not exist"
        raise UserError(f"plugin file '{path}' {what}")
    if path.suffix != ".py":
        raise UserError(f"plugin file '{path}' is not a Python file: its name must end in .py")
    file, name = path.resolve(), plugin_module(path)
    content = file.read_bytes()
    if name in sys.modules:
        if _contents.get(name, content) != content:
            raise UserError(f"plugin file '{path}' has changed since it was imported: start Python again")
        return
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    forget()
    _check_imports(path, name)
    try:
        with _registering(str(file)):
            importlib.import_module(name)
    except RAISED as error:
        if isinstance(error, UserError):
            raise
        # Show the plugin's own line if code that it calls raises; a SyntaxError's text already has the line.
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(file)]
        where = f" (line {lines[-1]})" if lines else ""
        raise UserError(
            f"plugin file '{path}' fails to import: {type(error).__name__}: {error}{where}"
        ) from error
    if str(file) not in _registered:
        del sys.modules[name]  # or the same file would be accepted the next time
        raise UserError(
            f"plugin file '{path}' registers nothing: put @register above a method's class, "
            "@register_dataset above a dataset's, or @register_metric(…) above a metric's function"
        )
    _contents[name] = content


def check_imports(plugins: Iterable[str]) -> None:
    """Refuse plugin files that have imported files beside them in a way that a key cannot see.

    Parameters
    ----------
    plugins
        All plugins that this process has imported; see `Registry.source`.

    Raises
    ------
    UserError
        If one has.
    """
    files = {plugin_module(Path(plugin)): Path(plugin) for plugin in plugins if plugin.endswith(".py")}
    if files and (unseen := unseen_imports(files)):
        raise UserError(
            f"'{unseen[0]}' is imported without an import statement, so a change of it would go unseen: "
            f"write 'import {unseen[0].stem}' in {', '.join(file.name for file in files.values())}"
        )


@contextmanager
def searched(folder: Path) -> Iterator[None]:
    """Search a folder for modules inside the block, so that the imports of a plugin file in it are found."""
    before = sys.path.copy()
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path[:] = before


def import_only(sources: Iterable[str]) -> None:
    """Import these plugins, and from now on no others from other distributions.

    Parameters
    ----------
    sources
        Results of `Registry.source` for the required plugins.
    """
    Registry.other_distributions = False
    for source in sources:
        if source.endswith(".py"):
            load_plugin(Path(source))
        else:
            with _registering(source):
                importlib.import_module(source)


@contextmanager
def _registering(source: str) -> Iterator[None]:
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def _check_imports(path: Path, name: str) -> None:
    """Refuse imports that would fail, or would find a module other than the one next to the plugin."""
    for relative in relative_imports(path)[:1]:
        module = relative.split()[1].lstrip(".")
        plain = f"from {module} import" if module else "import"
        raise UserError(
            f"plugin file '{path}': '{relative} …' cannot work in a single file: write '{plain} …', "
            "because the plugin's folder is searched"
        )
    file = path.resolve()
    for package in sorted(code_of(name, file, without="huebench.").packages - sys.stdlib_module_names):
        beside = (file.parent / f"{package}.py", file.parent / package / "__init__.py")
        found = module_file(package)
        for hidden in beside:
            if hidden.is_file() and found is not None and hidden.resolve() != found.resolve():
                raise UserError(f"plugin file '{path}': '{hidden}' is hidden by '{found}': rename it")
