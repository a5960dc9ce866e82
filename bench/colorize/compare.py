"""The comparison of a job: a contact sheet, and one page with sliders that needs no network."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from ... import UserError
from ...datasets.base import PhotoError
from ...files import atomic, write_text
from ...reports.text import printable
from .engine import upright
from .job import Job
from .library import reason, vips
from .picture import Picture
from .profiles import srgb
from .sources import PhotoSource

PAGE: Final = 100
"""Most photos of a page and of a contact sheet."""

PAGE_SIDE, SHEET_SIDE = 720, 240
"""Longer side in pixels of a picture on the page and on the contact sheet."""

_GAP, _TEXT = 12, 15
_MAKER: Final = "made by huebench colorize"  # at the start of both files


@dataclass(frozen=True)
class Shown:
    """A photo of a comparison.

    Attributes
    ----------
    name
        The photo.
    before
        The original, as JPEG.
    after
        Label and JPEG of every output that exists.
    width, height
        Size of the pictures.
    """

    name: str
    before: bytes
    after: tuple[tuple[str, bytes], ...]
    width: int
    height: int


def write_comparison(job: Job) -> list[Path]:
    """Write ``contact-sheet.jpg`` and ``index.html`` into a job's folder, and return their paths.

    More than `PAGE` photos make further pairs: ``contact-sheet-2.jpg``, ``index-2.html``. Photos that could
    not be colorized are left out; there are no files if no photo is left. Raises `UserError` if a file of
    that name is there and is not a comparison, or is a photo of the job.
    """
    made = [
        source for source in job.sources
        if any(job.target(source, variant).is_file() for variant in job.variants)
    ]  # fmt: skip
    pages = [made[start : start + PAGE] for start in range(0, len(made), PAGE)]
    names = [("contact-sheet.jpg", "index.html")]
    names += [(f"contact-sheet-{i}.jpg", f"index-{i}.html") for i in range(2, len(pages) + 1)]
    photos = {job.target(source, variant) for source in made for variant in job.variants}
    for path in (job.out / name for pair in names for name in pair):
        if path in photos:
            raise UserError(f"'{path}' is a colorized photo and is kept: rename its original to compare it")
        if path.exists() and not (job.overwrite or _is_ours(path)):
            raise UserError(f"'{path}' is not a comparison and is kept: give --overwrite, or another --out")
    written = []
    for i, sources in enumerate(pages):
        shown = [found for source in sources if (found := _shown(job, source)) is not None]
        if shown:
            sheet, page = (job.out / name for name in names[i])
            with atomic(sheet) as partial:
                contact_sheet(shown, [variant.label for variant in job.variants]).save(
                    partial, quality=92, subsampling=0, comment=_MAKER
                )
            write_text(page, printable(comparison_page(shown, i, [name for _, name in names])))
            written += [sheet, page]
    return written


def _shown(job: Job, source: PhotoSource) -> Shown | None:
    """Return a photo with its answers, or ``None`` if one of the files cannot be read."""
    outputs = [(variant.label, job.target(source, variant)) for variant in job.variants]
    try:
        before = thumbnail(source.content(), PAGE_SIDE)
        after = tuple((label, thumbnail(path, PAGE_SIDE)) for label, path in outputs if path.is_file())
    except (PhotoError, OSError):
        return None
    with Image.open(io.BytesIO(after[0][1])) as picture:
        return Shown(job.names[source], before, after, *picture.size)


def _is_ours(path: Path) -> bool:
    with path.open("rb") as stream:
        return _MAKER.encode() in stream.read(4096)


def thumbnail(source: Path | bytes, side: int) -> bytes:
    """Return a photo upright, in sRGB, with its longer side reduced to ``side``, as JPEG.

    Raises `PhotoError` if it cannot be decoded.
    """
    picture = Picture.open(source)
    scale = min(1.0, side / max(picture.width, picture.height))
    try:
        lab = picture.small_lab(max(1, round(scale * picture.width)), max(1, round(scale * picture.height)))
    except vips().Error as error:
        raise PhotoError(reason(error)) from error
    lightness, chroma = np.clip(lab[..., 0], 0, 100), np.ascontiguousarray(lab[..., 1:])
    rgb = upright(srgb().levels(lightness, chroma, bits=8), picture.orientation)
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(stream, "JPEG", quality=88, subsampling=0)
    return stream.getvalue()


def comparison_page(shown: Sequence[Shown], number: int, pages: Sequence[str]) -> str:
    """Return a page: for every photo its answers, each with a slider that uncovers the original.

    Parameters
    ----------
    shown
        The photos.
    number
        The page's place among all, from 0.
    pages
        The names of all pages, which link to one another.
    """
    environment = Environment(
        loader=PackageLoader("huebench.bench.colorize"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["uri"] = lambda jpeg: Markup("data:image/jpeg;base64,{}").format(
        base64.b64encode(jpeg).decode()
    )
    return environment.get_template("comparison.html.j2").render(
        shown=shown, number=number, pages=pages, maker=_MAKER
    )


def contact_sheet(shown: Sequence[Shown], labels: Sequence[str]) -> Image.Image:
    """Return a picture of all photos: one per row, the original first, then every answer."""
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), _TEXT)
    cell = SHEET_SIDE + _GAP
    line = 2 * _TEXT
    headings = ["\n".join(_wrapped(label, font)) for label in ("original", *labels)]
    head = line * max(1 + heading.count("\n") for heading in headings) + _GAP
    heights = [
        max(1, round(each.height * min(1, SHEET_SIDE / max(each.width, each.height)))) for each in shown
    ]
    width = _GAP + cell * (1 + len(labels))
    sheet = Image.new("RGB", (width, head + sum(heights) + len(shown) * (line + _GAP)), "white")
    draw = ImageDraw.Draw(sheet)
    for column, heading in enumerate(headings):
        draw.multiline_text((_GAP + column * cell, _GAP), heading, "black", font)
    top = head
    for each, height in zip(shown, heights, strict=True):
        after = dict(each.after)
        for column, jpeg in enumerate([each.before, *(after.get(label) for label in labels)]):
            if jpeg is not None:
                with Image.open(io.BytesIO(jpeg)) as picture:
                    picture.thumbnail((SHEET_SIDE, SHEET_SIDE))
                    sheet.paste(picture, (_GAP + column * cell, top))
        draw.text(
            (_GAP, top + height + 4), _fitting(printable(each.name), font, width - 2 * _GAP), "#555555", font
        )
        top += height + line + _GAP
    return sheet


def _wrapped(text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """Return a heading broken at spaces into lines that fit a column."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= SHEET_SIDE:
            lines[-1] = longer
        else:
            lines.append(word)
    return [_fitting(line, font) for line in lines]


def _fitting(text: str, font: ImageFont.FreeTypeFont, width: int = SHEET_SIDE) -> str:
    """Return a text, cut to a width in pixels."""
    while font.getlength(text) > width:
        text = text[:-2].rstrip() + "…"
    return text
