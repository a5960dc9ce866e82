"""Completion in the shell: what an option may name, here and now.

``bench --install-completion`` turns it on. A completer takes what was typed and returns whole words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

_PARAMETER: Final = re.compile(r"(?P<before>(?:.*,)?(?P<method>[\w.-]+)\[(?:[^\]]*,)?)(?P<typed>[\w]*)")
"""The beginning of a parameter in the brackets of a method."""


def methods(incomplete: str) -> list[str]:
    """Complete the last of several methods, or one of its parameters."""
    from ...methods.base import methods as registered
    from ...methods.info import FAMILIES

    if match := _PARAMETER.fullmatch(incomplete):
        found = registered.items().get(match["method"])
        names = found.Parameters.model_fields if found else ()
        return _beginning(incomplete, (f"{match['before']}{name}=" for name in names))
    return _last(incomplete, ("all", *FAMILIES, *registered.items()))


def method(incomplete: str) -> list[str]:
    """Complete one method's name."""
    from ...methods.base import methods as registered

    return _beginning(incomplete, registered.items())


def rerun(incomplete: str) -> list[str]:
    """Complete what can be computed again."""
    return [*_beginning(incomplete, ("failed", "all")), *method(incomplete)]


def datasets(incomplete: str) -> list[str]:
    """Complete a dataset's name; a path after a colon is left to the shell."""
    from ...datasets.base import datasets as registered

    found = registered.items().items()
    return _beginning(incomplete, (f"{name}:" if cls.info.argument else name for name, cls in found))


def metrics(incomplete: str) -> list[str]:
    """Complete the last of several metrics."""
    from ..metrics import metric_names

    return _last(incomplete, metric_names())


def references(incomplete: str) -> list[str]:
    """Complete the last of several choices of reference photo."""
    from ..protocol.choices import REFERENCE_CHOICE

    return _last(incomplete, REFERENCE_CHOICE)


def degradations(incomplete: str) -> list[str]:
    """Complete the last of several degradations; a strength after a colon is typed."""
    from ..protocol.degradations import degradations as registered

    return _last(incomplete, registered.items())


def weights(incomplete: str) -> list[str]:
    """Complete the name of weights that can be fetched."""
    from ...methods.pretrained.store import checkpoints

    return _beginning(incomplete, checkpoints())


def protocols(incomplete: str) -> list[str]:
    """Complete a protocol's name."""
    from ..protocol.presets import presets

    return _beginning(incomplete, presets.items())


def report_formats(incomplete: str) -> list[str]:
    """Complete the last of several formats of a report."""
    from ...reports.report import FORMATS

    return _last(incomplete, FORMATS)


def comparison_formats(incomplete: str) -> list[str]:
    """Complete the last of several formats of a comparison."""
    return _last(incomplete, ("md", "json", "junit"))


def figure_formats(incomplete: str) -> list[str]:
    """Complete the last of several formats of a figure."""
    return _last(incomplete, ("pdf", "png", "svg"))


def runs(incomplete: str) -> list[str]:
    """Complete a run folder: those below the folder that was typed, and those in ``runs``."""
    folder = Path(incomplete.rpartition("/")[0] or ("/" if incomplete.startswith("/") else "."))
    places = {folder, folder / "runs"}
    found = {path.parent for place in places for path in place.glob("*/run.json")}
    return _beginning(incomplete, sorted(map(str, found)))


COMPLETERS: Final[dict[str, Callable[[str], list[str]]]] = {
    "methods": methods, "datasets": datasets, "metrics": metrics, "protocols": protocols,
    "references": references, "degradations": degradations,
}  # fmt: skip
"""The completers of options of a run, by the name that `huebench.bench.plan.request.option` is given."""


def _last(incomplete: str, names: Iterable[str]) -> list[str]:
    """Complete the last of several names separated by commas; those before it are not offered again."""
    before, comma, _ = incomplete.rpartition(",")
    given = before.split(",")
    return _beginning(incomplete, (f"{before}{comma}{name}" for name in names if name not in given))


def _beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]
