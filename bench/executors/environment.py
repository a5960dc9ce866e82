"""The environment that must be equal on every machine that runs the cells of one run."""

from __future__ import annotations

from pathlib import Path

from ... import __version__
from ...files import file_digest
from ...plugins import searched
from ...sources import forget
from ..plan.cell import Cell
from ..plan.keys import digest, library_versions, plugin_source


def differences(cell: Cell, expected: dict[str, str]) -> str:
    """Return how the environment here differs from that of the cell's run, or ``""``."""
    found = environment(cell)
    return "; ".join(
        f"{name} is {found.get(name)}, not {wanted}"
        for name, wanted in expected.items()
        if found.get(name) != wanted
    )


def environment(cell: Cell) -> dict[str, str]:
    """Return the facts that must be equal on every machine that runs cells."""
    held = cell.run_folder / ".lock"
    return {
        "huebench": __version__,
        "the code of huebench": _code(),
        **library_versions(),
        **{f"plugin {path}": _plugin(path) for path in cell.request.plugins},
        f"the run folder {cell.run_folder}": "there" if held.exists() else "missing",
    }


def _plugin(path: Path) -> str:
    """Return the digest of a plugin file and the modules that it imports, as they are now."""
    if not path.is_file():
        return "missing"
    forget()
    with searched(path.parent):
        return plugin_source(str(path))


def _code() -> str:
    package = Path(__file__).parents[2]
    folders = ("bench", "datasets", "methods")
    return digest([file_digest(path) for name in folders for path in sorted((package / name).rglob("*.py"))])
