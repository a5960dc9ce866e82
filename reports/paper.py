"""Figures for a paper, made from the pictures that a run kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .. import UserError
from ..files import atomic
from .analysis.selection import Selection
from .tables import Results

KINDS = ("pdf", "png", "svg")  #: Formats of a figure


def write_figure(
    results: Results,
    folder: Path,
    selection: Selection,
    photos: Sequence[str] = (),
    kinds: Sequence[str] = ("pdf", "png"),
) -> list[Path]:
    """Write ``figure.pdf`` and so on; return their paths.

    Parameters
    ----------
    results
        The run.
    folder
        Where the files go.
    selection
        The methods, the columns of the figure.
    photos
        Ids of the photos, the rows of the figure; by default the first ones of the report's gallery.
    kinds
        Some of `KINDS`.

    Raises
    ------
    UserError
        If a kind or method is unknown, no kind is named, or the run kept no picture of a photo.
    """
    from .analysis.material import Material
    from .charts.photo_grid import photo_grid
    from .charts.style import encode
    from .sections.gallery import photos_of

    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise UserError(f"unknown format of a figure '{unknown[0]}'; known: {', '.join(KINDS)}")
    if not kinds:
        raise UserError(f"no format of a figure is named: name some of {', '.join(KINDS)}")
    found = {photo.name: photo for photo in photos_of(Material(selection.of(results), selection))}
    if not found:
        whose = f" of '{selection.methods}'" if selection.methods else ""
        raise UserError(
            f"the run '{results.folder}' kept no pictures{whose}; run with --keep-predictions gallery"
        )
    if absent := [photo for photo in photos if photo not in found]:
        some = ", ".join(list(found)[:5])
        raise UserError(f"the run kept no picture of '{absent[0]}'; it kept {len(found):,}, such as {some}")
    chosen = [found[name] for name in photos] or [photo for photo in found.values() if photo.sheet]
    drawing = photo_grid([(photo.given[0], *photo.answers, photo.given[1]) for photo in chosen])
    paths = []
    for kind in kinds:
        paths.append(folder / f"figure.{kind}")
        with atomic(paths[-1]) as partial:
            partial.write_bytes(encode(drawing, kind))
    return paths
