"""The HTML report of a run: one file that needs no network, to sort, filter and compare in."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from .content import in_words
from .material import Material

TEMPLATES = Path(__file__).parent / "templates"


def write_html(material: Material, folder: Path) -> Path:
    """Write ``report.html`` into a folder and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    page = render(material)
    path, partial = folder / "report.html", folder / ".report.html.partial"
    partial.write_text(page, encoding="utf-8")
    partial.replace(path)
    return path


def render(material: Material) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("huebench.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["in_words"] = in_words
    pictures = {
        photo.rank: {tile.label: _picture(tile.path) for tile in photo.tiles if tile.path}
        for photo in material.gallery.photos
    }
    return environment.get_template("report.html.j2").render(
        c=material.content,
        gallery=material.gallery,
        pictures=pictures,
        charts=material.charts,
        images={name: _uri(content, "png") for name, content in material.images.items()},
        groups={row.label: row.group for row in material.content.headline.rows},
        css=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704  # ours
        js=Markup((TEMPLATES / "report.js").read_text(encoding="utf-8")),  # noqa: S704  # ours
    )


def _picture(path: Path) -> str:
    """Return a kept picture as a data URI; as JPEG, a fifth of its size."""
    made = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").save(made, format="JPEG", quality=92, subsampling=0)
    return _uri(made.getvalue(), "jpeg")


def _uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
