"""The HTML report of a run: one file that needs no network, to sort, filter and compare in."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from .content import Content, in_words
from .gallery import GalleryPhoto, choose
from .tables import Results

if TYPE_CHECKING:
    from .charts import Chart

TEMPLATES = Path(__file__).parent / "templates"


def write_html(results: Results, content: Content, folder: Path) -> Path:
    """Write ``report.html`` and return its path.

    Parameters
    ----------
    results
        The run; its ``folder`` is where kept pictures are looked for.
    content
        What `make_content` made of it.
    folder
        Where the report goes.
    """
    from . import charts  # Matplotlib takes its time to import

    folder.mkdir(parents=True, exist_ok=True)
    page = render(content, choose(results, content.summary), charts.draw(results, content))
    path, partial = folder / "report.html", folder / ".report.html.partial"
    partial.write_text(page, encoding="utf-8")
    partial.replace(path)
    return path


def render(content: Content, photos: list[GalleryPhoto], charts: dict[str, Chart]) -> str:
    """Return the page.

    Parameters
    ----------
    content, photos
        What it says.
    charts
        As `charts.draw` gives them.
    """
    from .figures import encode

    environment = Environment(
        loader=PackageLoader("huebench.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["in_words"] = in_words
    pictures = {
        photo.rank: {tile.label: _picture(tile.path) for tile in photo.tiles if tile.path} for photo in photos
    }
    return environment.get_template("report.html.j2").render(
        c=content,
        photos=photos,
        pictures=pictures,
        charts=charts,
        images={name: _uri(encode(chart.figure), "png") for name, chart in charts.items()},
        groups={row.label: row.group for row in content.headline.rows},
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
