"""The ways to colorize each photo of a job: a method and its settings each."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from .colorist import Colorist
from .settings import Settings

LONGEST_NAME: Final = 200
"""Most bytes of a folder's name; file systems take 255."""


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
                text = chosen.text
                found.append(Variant(colorist, chosen, method, text, _folder(f"{method} {text}"), digest))
    return _apart(found) if len(found) > 1 else [replace(found[0], folder="")]


def _folder(label: str) -> str:
    """Return a label as the name of a folder; a long one keeps its start and gets a digest."""
    name = re.sub(r"[^\w.=,+-]+", "-", label).strip("-.")
    if len(os.fsencode(name)) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME // 4]}-{_short_digest(label)}"


def _apart(found: list[Variant]) -> list[Variant]:
    """Return variants whose labels make the same name of a folder with different ones."""
    names = [each.folder for each in found]
    return [
        each
        if names.count(each.folder) == 1
        else replace(each, folder=f"{each.folder}-{_short_digest(each.label)}")
        for each in found
    ]


def _short_digest(label: str) -> str:
    return hashlib.sha256(label.encode()).hexdigest()[:8]
