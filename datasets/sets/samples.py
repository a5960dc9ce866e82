"""``samples``: tiles of photos that come with scikit-image and scikit-learn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final

from ... import UserError
from ..base import RGB, SPLITS, Dataset, DatasetInfo, Entry, Split, register_dataset
from ..decode import decode
from ..guards import read_photo

TILE: Final = 128
"""Side of a tile in pixels."""

GAP: Final = 32
"""Columns between two splits: two JPEG blocks with halved chroma, so that splits share no block."""

STRIDE: Final[dict[Split, int]] = {"train": 40, "validation": 96, "test": 96}
"""Least distance between tiles: those of validation and test overlap by a quarter at most."""

TWO_TILES_FROM: Final = 600
"""Least width of photos with a test band of two tiles."""


@dataclass(frozen=True)
class Original:
    """A photo in an installed package: `package`, `file` below its folder, and `licence`."""

    package: str
    file: str
    licence: str


ORIGINALS: Final = {
    "astronaut": Original("skimage", "data/astronaut.png", "public domain (NASA)"),
    "chelsea": Original("skimage", "data/chelsea.png", "CC0 (Stéfan van der Walt)"),
    "china": Original("sklearn", "datasets/images/china.jpg", "CC BY 2.0 (danielbuechele, Flickr)"),
    "coffee": Original("skimage", "data/coffee.png", "CC0 (Rachel Michetti)"),
    "flower": Original("sklearn", "datasets/images/flower.jpg", "CC BY 2.0 (vultilion, Flickr)"),
    "motorcycle": Original("skimage", "data/motorcycle_left.png", "not stated (Middlebury Stereo 2014)"),
    "rocket": Original("skimage", "data/rocket.jpg", "public domain (SpaceX)"),
}
"""The natural colour photos in these packages, by category."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of a photo: `photo`, `split`, and its upper left corner (`top`, `left`)."""

    photo: str
    split: Split
    top: int
    left: int

    @property
    def id(self) -> str:
        """The id of the tile's entry."""
        return f"{self.photo}/{self.top:03}-{self.left:03}"


@register_dataset
class Samples(Dataset):
    """Tiles of seven photos, each cut from left to right into train, gap, validation, gap and test.

    The rocket's file is in Adobe RGB and is converted by its profile, unlike in ``skimage.data.rocket()``.
    """

    info: ClassVar = DatasetInfo(
        name="samples",
        summary="128×128 tiles of 7 photos that come with scikit-image and scikit-learn; needs no download",
        source="scikit-image (skimage.data) and scikit-learn (sklearn.datasets.load_sample_images)",
        licence="per photo: public domain, CC0, CC BY 2.0; one not stated",
        splits=f"bands of every photo, {GAP} columns apart: left train, then validation, right test",
        size=TILE,
        caveat="A demo, not a benchmark. Train and test are different regions of the same seven photos: a "
        "method that learns has seen the scene, light and camera that it is tested on, and test tiles of one "
        "photo overlap by up to a quarter. Use these numbers to check that everything works and what it "
        "costs. They are no evidence of how a method performs on new photos, nor of which method is better.",
    )

    def __init__(self, root: Path | None = None) -> None:
        if root is not None:
            raise UserError("dataset 'samples' comes with the package: leave out --data-root")
        super().__init__(root)
        self._files = {name: _installed(original) for name, original in ORIGINALS.items()}

    def entries(self) -> list[Entry]:
        """Return every tile, photo by photo."""
        return self._entries

    def read(self, entry: Entry) -> RGB:
        """Return one tile, uint8 (128, 128, 3); raises `PhotoError` if its photo cannot be decoded."""
        tile = self._tiles[entry.id]
        whole, digest = _whole(self._files[tile.photo])
        entry.check(_digest(digest, tile))
        return whole[tile.top : tile.top + TILE, tile.left : tile.left + TILE].copy()

    @cached_property
    def _tiles(self) -> dict[str, Tile]:
        sides = {name: _whole(path)[0].shape[:2] for name, path in self._files.items()}
        return {tile.id: tile for name in ORIGINALS for tile in _layout(name, *sides[name])}

    @cached_property
    def _entries(self) -> list[Entry]:
        files = {name: _whole(path)[1] for name, path in self._files.items()}
        return [
            Entry(
                key, tile.split, tile.photo, ORIGINALS[tile.photo].licence, _digest(files[tile.photo], tile)
            )
            for key, tile in self._tiles.items()
        ]


@cache
def _whole(path: Path) -> tuple[RGB, str]:
    """Return a whole photo and its file's SHA-256; all seven together take 6 MB."""
    content = read_photo(path)
    return decode(content), hashlib.sha256(content).hexdigest()


def _digest(file: str, tile: Tile) -> str:
    return hashlib.sha256(f"{file} {tile.top} {tile.left} {TILE}".encode()).hexdigest()


def _installed(original: Original) -> Path:
    """Return a file of an installed package without importing the package, which would take a second."""
    spec = find_spec(original.package)
    folders = (spec.submodule_search_locations if spec else None) or []
    path = next(
        (Path(folder, original.file) for folder in folders if Path(folder, original.file).is_file()), None
    )
    if path is None:
        raise UserError(f"package '{original.package}' does not contain {original.file}: reinstall huebench")
    return path


def _layout(photo: str, height: int, width: int) -> Iterator[Tile]:
    test = TILE + STRIDE["test"] if width >= TWO_TILES_FROM else TILE
    widths = (width - test - TILE - 2 * GAP, TILE, test)
    left = 0
    for split, band in zip(SPLITS, widths, strict=True):
        for top in _starts(height, STRIDE[split]):
            for offset in _starts(band, STRIDE[split]):
                yield Tile(photo, split, top, left + offset)
        left += band + GAP


def _starts(length: int, stride: int) -> list[int]:
    """Return evenly spread starts of as many tiles as fit into a length with a stride."""
    room = length - TILE
    steps = room // stride
    return [round(room * step / steps) for step in range(steps + 1)] if steps else [room // 2]
