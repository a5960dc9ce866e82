"""The code behind a plugin: the files of its modules, and the libraries that they import.

One rule determines how an import, even inside a function, enters a key:

- A module of this package, of a distribution that registers plugins, or of no installed library (next to a
  ``--plugin`` file, on ``PYTHONPATH``) counts by its content, as do its own imports.
- Any other library counts by the version of its distribution; the standard library by Python's version.

Data files that a method reads are not imports: `huebench.methods.base.Method.files` names them.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import importlib.util
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec, all_suffixes
from importlib.metadata import Distribution, distributions, entry_points, version
from pathlib import Path

GROUPS = ("huebench.methods", "huebench.datasets", "huebench.metrics")
"""Entry-point groups through which other distributions register plugins."""


@dataclass(frozen=True)
class Code:
    """The code behind a module.

    Attributes
    ----------
    module
        Its name.
    files
        Module → file: the module, and its imports that count by content.
    libraries
        Packages that count by version.
    """

    module: str
    files: dict[str, Path]
    libraries: frozenset[str]

    @property
    def packages(self) -> set[str]:
        """Names of all imported top-level packages and modules."""
        return {_top(name) for name in self.files} | self.libraries

    @property
    def digest(self) -> str:
        """SHA-256 hex digest of the contents and the versions."""
        contents = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in self.files.items()}
        # Without names: the module name of a `--plugin` file depends on its path.
        text = json.dumps([contents.pop(self.module), contents, versions(self.libraries)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def code_of(module: str, file: Path, without: str = "") -> Code:
    """Return the code behind a module.

    Parameters
    ----------
    module, file
        Its name and its file.
    without
        Package to leave out, together with modules that only it imports.
    """
    files, libraries, queue = {module: file}, set(), [module]
    while queue:
        current = queue.pop()
        found, used = _imports(files[current], current)
        libraries |= used
        for name, path in found.items():
            if name not in files and not (without and name.startswith(without)):
                files[name] = path
                queue.append(name)
    if plugin_distributions(_top(module)):
        libraries.add(_top(module))
    return Code(module, files, frozenset(libraries))


@cache
def source_digest(module: str, file: Path, without: str = "") -> str:
    """Return the digest of `code_of`, cached until `forget`."""
    return code_of(module, file, without).digest


def forget() -> None:
    """Clear the cache, so that changed files are read again."""
    for cached in (source_digest, _imports, _spec, _registering):
        cached.cache_clear()


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of the distributions of some packages, or that one is missing."""
    found: dict[str, str] = {}
    for package in packages:
        known = {each.name: version(each.name) for each in _holders().get(package, ())}
        known |= plugin_distributions(package)
        found |= known or {package: "not installed"}
    return found


def module_file(name: str) -> Path | None:
    """Return the file of a module without importing it, or ``None`` if there is none."""
    top, *inside = name.split(".")
    spec = _spec(top)
    if spec is None:
        return None
    if not spec.submodule_search_locations:
        return Path(spec.origin) if spec.has_location and spec.origin and not inside else None
    bare = [Path(folder, *inside) for folder in spec.submodule_search_locations]
    alone = [each.with_name(each.name + suffix) for each in bare for suffix in all_suffixes() if inside]
    return next((file for file in [*(each / "__init__.py" for each in bare), *alone] if file.is_file()), None)


def unseen_imports(plugins: Mapping[str, Path]) -> list[Path]:
    """Return the files beside plugin files that are imported, although no import statement names them.

    Parameters
    ----------
    plugins
        Module → plugin file: all that this process has imported.
    """
    known = {path.resolve() for each in plugins.items() for path in code_of(*each).files.values()}
    loaded = (getattr(each, "__file__", None) for each in list(sys.modules.values()))
    found = {Path(each).resolve() for each in loaded if each} - known
    folders = {file.resolve().parent for file in plugins.values()}
    beside = {path for path in found for folder in folders if _is_own(path, folder)}
    return sorted(path for path in beside if path.is_file())


def _is_own(path: Path, folder: Path) -> bool:
    """Return whether a file is below a folder, but neither of an installed library nor of this package."""
    if not path.is_relative_to(folder) or path.is_relative_to(Path(__file__).resolve().parent):
        return False
    return not {"site-packages", "dist-packages"} & set(path.relative_to(folder).parts)


def relative_imports(file: Path) -> list[str]:
    """Return the relative imports of a file as written, up to ``import``."""
    nodes = ast.walk(_parsed(file))
    return [
        f"from {'.' * node.level}{node.module or ''} import"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.level
    ]


def plugin_distributions(package: str) -> dict[str, str]:
    """Return the version of each distribution that registers plugins from a package through entry points."""
    return _registering().get(package, {})


@cache
def _registering() -> dict[str, dict[str, str]]:
    """Return for each package that plugins are registered from the versions of its distributions."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for group in GROUPS:
        for point in entry_points(group=group):  # which reads a file of every distribution
            if point.dist is not None:
                found[_top(point.value.partition(":")[0])][point.dist.name] = point.dist.version
    return dict(found)


@cache
def _imports(file: Path, module: str) -> tuple[dict[str, Path], set[str]]:
    """Return what a file imports: modules that count by content, and packages that count by version."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found: dict[str, Path] = {}
    libraries: set[str] = set()
    for name in _imported_names(_parsed(file), package):
        top = _top(name)
        if top in sys.stdlib_module_names:
            continue
        if not _counts_by_content(top):
            libraries.add(top)
            continue
        # This package's `__init__`s are left out if only their contents are imported: they say little.
        parts = name.split(".")
        names = [name] if top == "huebench" else [".".join(parts[: i + 1]) for i in range(len(parts))]
        found |= {each: path for each in names if each != "huebench" and (path := module_file(each))}
    return found, libraries


def _imported_names(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield the full names of all modules to which a file's imports may refer."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=module, names=names, level=level):
                try:
                    base = importlib.util.resolve_name("." * level + (module or ""), package)
                except ImportError:  # a relative import without a package, which fails
                    continue
                yield base
                yield from (f"{base}.{alias.name}" for alias in names)
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name.lstrip(".")


def _counts_by_content(top: str) -> bool:
    if top == "huebench" or plugin_distributions(top):
        return True
    spec = _spec(top)
    if spec is None:
        return False
    places = [*(spec.submodule_search_locations or ()), *filter(None, [spec.origin])]
    # A compiled module of a distribution may be anywhere below one of these folders.
    return not any({"site-packages", "dist-packages"} & set(Path(place).parts) for place in places)


@cache
def _spec(top: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(top)
    except (ImportError, ValueError):  # a module made by hand
        return None


@cache
def _holders() -> dict[str, list[Distribution]]:
    """Return for each top-level package or module the distributions that hold it.

    They are those of `importlib.metadata.packages_distributions`, which takes many times as long because it
    makes an object of every installed file and reads every description.
    """
    found: dict[str, list[Distribution]] = defaultdict(list)
    for distribution in distributions():
        for package in _held(distribution):
            found[package].append(distribution)
    return dict(found)


def _held(distribution: Distribution) -> set[str]:
    """Return the top-level packages and modules of a distribution."""
    if declared := (distribution.read_text("top_level.txt") or "").split():
        return set(declared)
    record = distribution.read_text("RECORD")
    files = (row[0] for row in csv.reader(record.splitlines())) if record else distribution.files or ()
    modules = (str(file).removesuffix(".py") for file in files if str(file).endswith(".py"))
    return {module.partition("/")[0] for module in modules}


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # compiled, or written for another Python
        return ast.Module([], [])


def _top(module: str) -> str:
    return module.partition(".")[0]
