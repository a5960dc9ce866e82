"""The gallery of the HTML page: a chooser of photos, a slider between two pictures, and a tile per answer."""

import base64
import io
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup
from PIL import Image

from ..blocks import Gallery, GalleryPhoto, Tile
from ..text import counted

ROOM = 11_000_000
"""Bytes of pictures, as text, that a page holds; the whole page stays below 15 MB."""

COMPARE = Markup("""<div class="compare" hidden>
<div class="stage"><img class="right" alt="right picture"><img class="left" alt="left picture"></div>
<input type="range" min="0" max="100" value="50" aria-label="share of the left picture that is shown">
<label>left <select class="left"></select></label> <label>right <select class="right"></select></label>
</div>""")
"""The slider between two pictures; the page's script fills it."""


LAZY = Markup(' loading="lazy"')
"""For linked pictures: read them only when they are shown."""


class Pictures:
    """The addresses of kept pictures: the first ones hold the picture itself, the others link to its file.

    Parameters
    ----------
    folder
        The page's folder; only files in it are linked, so that it can be moved.
    room
        Bytes left for pictures.
    """

    def __init__(self, folder: Path | None = None, room: int = ROOM) -> None:
        self._folder = folder.resolve() if folder else None
        self._room = room

    def addresses(self, photo: GalleryPhoto) -> dict[str, str] | None:
        """Return label → address of a photo's pictures; ``None`` if they neither fit nor can be linked."""
        paths = {tile.label: tile.path for tile in (*photo.given, *photo.answers) if tile.path is not None}
        if self._room > 0:
            embedded = {label: _embedded(path) for label, path in paths.items()}
            taken = sum(map(len, embedded.values()))
            if taken <= self._room:
                self._room -= taken
                return embedded
            self._room = 0  # later photos are linked too, so that all linked ones come last
        resolved = {label: path.resolve() for label, path in paths.items()}
        if self._folder is None or not all(path.is_relative_to(self._folder) for path in resolved.values()):
            return None
        return {label: quote(path.relative_to(self._folder).as_posix()) for label, path in resolved.items()}


def gallery(block: Gallery, pictures: Pictures) -> Markup:
    """Return the gallery; its first photo is shown, the others when they are chosen."""
    found = [(photo, pictures.addresses(photo)) for photo in block.photos]
    shown = [
        _photo(photo, addresses, hidden=place > 0)
        for place, (photo, addresses) in enumerate(each for each in found if each[1] is not None)
        if addresses is not None
    ]
    left_out = len(found) - len(shown)
    told = (
        Markup("<p>{} did not fit into this page.</p>").format(counted(left_out, "more kept photo"))
        if left_out
        else ""
    )
    return Markup(
        '<div class="gallery" data-best="{}">\n'
        '<div class="chooser" role="radiogroup" aria-label="Photo" hidden></div>\n{}\n</div>{}'
    ).format(block.best, Markup("\n").join(shown), told)


def _photo(photo: GalleryPhoto, addresses: dict[str, str], *, hidden: bool) -> Markup:
    tiles = Markup("\n").join(_tile(tile, photo.name, addresses) for tile in (*photo.given, *photo.answers))
    return Markup(
        '<article class="photo" data-title="{0}"{1}>\n<div><h3>{0}</h3>\n<p>{2}</p>\n{3}</div>\n'
        '<div class="tiles">\n{4}\n</div>\n</article>'
    ).format(photo.title, Markup(" hidden") if hidden else "", photo.note, COMPARE, tiles)


def _tile(tile: Tile, photo: str, addresses: dict[str, str]) -> Markup:
    """Return a picture; a click compares it with the truth."""
    method = Markup("")
    if tile.group not in ("", "truth"):
        method = Markup(' data-method="{} {}"').format(tile.label, tile.group)
    if address := addresses.get(tile.label):
        picture = Markup(
            '<button type="button" class="picture" aria-label="compare {0} with the truth">'
            '<img src="{1}" alt="{0} of {2}"{3}></button>'
        ).format(tile.label, address, photo, "" if address.startswith("data:") else LAZY)
        caption = tile.caption
    else:
        picture = Markup('<div class="picture missing">{}</div>').format(tile.caption)
        caption = ""
    return Markup('<figure data-tile="{0}"{1}>{2}\n<figcaption><b>{0}</b> {3}</figcaption></figure>').format(
        tile.label, method, picture, caption
    )


def _embedded(path: Path) -> str:
    """Return a picture as a data URI; as JPEG, a fifth of its size as PNG."""
    made = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").save(made, format="JPEG", quality=90, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(made.getvalue()).decode()}"
