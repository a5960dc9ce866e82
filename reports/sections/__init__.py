"""The sections of a report, one file each.

A section is a module with an `ORDER`, its place in the report, and a function ``blocks(material)`` that
returns its blocks. A new file is found; no list names it.
"""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def in_order() -> list[ModuleType]:
    """Return the modules of all sections, in the order of a report."""
    modules = [import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__)]
    return sorted((each for each in modules if hasattr(each, "ORDER")), key=lambda each: each.ORDER)
