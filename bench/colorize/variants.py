"""The ways to colorize each photo of a job: a method and its settings each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .colorist import Colorist
from .settings import Settings


@dataclass(frozen=True)
class Variant:
    """One way to colorize photos.

    Attributes
    ----------
    colorist, settings
        The method, and how it is used.
    method
        The method's label.
    text
        The settings that differ from the defaults, as text: ``size=256 strength=0.8``.
    folder
        Folder of its outputs below the output folder; ``""`` if it is the only variant.
    digest
        The digest of the method's model.
    """

    colorist: Colorist
    settings: Settings
    method: str
    text: str
    folder: str
    digest: str

    @property
    def label(self) -> str:
        """Method and settings, for headings."""
        return " ".join(filter(None, (self.method, self.text)))


def variants_of(
    colorists: Sequence[Colorist], settings: Settings, grid: dict[str, list[float]]
) -> list[Variant]:
    """Return a variant for every method and every setting of a grid.

    Parameters
    ----------
    colorists
        The methods.
    settings
        The settings of all.
    grid
        Values for some settings: ``{"size": [192, 256]}``.

    Raises
    ------
    UserError
        If a method cannot work at a size.
    """
    found = []
    for colorist in colorists:
        method, digest = colorist.label, colorist.digest()
        sizes: list[int | None] = [int(each) for each in grid.get("size", [])]
        for size in sizes or [settings.size]:
            with colorist.working_at(size):
                pass  # a wrong one is refused now, not at every photo
            for strength in grid.get("strength", [settings.strength]):
                chosen = replace(settings, size=size, strength=strength)
                text = _text(chosen)
                folder = re.sub(r"[^\w.=,+-]+", "-", f"{method} {text}").strip("-.")
                found.append(Variant(colorist, chosen, method, text, folder, digest))
    return found if len(found) > 1 else [replace(found[0], folder="")]


def _text(settings: Settings) -> str:
    return settings.text
