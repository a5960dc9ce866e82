"""huebench: the benchmark toolkit for image colorization.

It hides the colour of real photographs, asks every registered method to give it back, scores the answers
under one frozen protocol, and writes tables and reports.

``import huebench`` is fast: each name in `__all__` is imported on first use.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bench.api import Run as Run
    from .bench.api import colorize as colorize
    from .bench.api import compare as compare
    from .bench.api import fit as fit
    from .bench.api import read_results as read_results
    from .bench.api import run as run
    from .bench.metrics import register_metric as register_metric
    from .bench.metrics import score as score
    from .datasets.base import Dataset as Dataset
    from .datasets.base import DatasetInfo as DatasetInfo
    from .datasets.base import Entry as Entry
    from .datasets.base import register_dataset as register_dataset
    from .methods.base import Chroma as Chroma
    from .methods.base import Context as Context
    from .methods.base import Lightness as Lightness
    from .methods.base import Method as Method
    from .methods.base import register as register
    from .methods.info import MethodInfo as MethodInfo

__version__ = "0.1.0"

_HOMES = {
    "bench.api": ("Run", "colorize", "compare", "fit", "read_results", "run"),
    "bench.metrics": ("register_metric", "score"),
    "datasets.base": ("Dataset", "DatasetInfo", "Entry", "register_dataset"),
    "methods.base": ("Chroma", "Context", "Lightness", "Method", "register"),
    "methods.info": ("MethodInfo",),
}
"""Module → its public names."""

_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["UserError", "__version__", *_MODULES]  # noqa: PLE0604  # all are strings


class UserError(Exception):
    """A mistake the user can fix: shown as one message and exit code 2, never as a traceback.

    The message says what is wrong, which file or option is at fault, and what to do.
    """


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'huebench' has no attribute '{name}'")
    return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
