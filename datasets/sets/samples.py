"""``samples``: tiles of the photos that scikit-image and scikit-learn carry in their wheels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final

from ... import UserError
from ...files import file_digest
from ..base import RGB, SPLITS, Dataset, DatasetInfo, Entry, Split, register_dataset
from ..decode import decode

TILE: Final = 128
"""Side of a tile in pixels."""

GAP: Final = 32
"""Columns left out between two splits: two blocks of a JPEG with halved chroma, so that none is shared."""

STRIDE: Final[dict[Split, int]] = {"train": 40, "validation": 96, "test": 96}
"""Least distance of neighbouring tiles: those of validation and test overlap by a quarter at most."""

TWO_TILES_FROM: Final = 600
"""Width of a photo from which its test band is two tiles wide."""


@dataclass(frozen=True)
class Source:
    """A photo in a wheel: `package`, file below it, and licence."""

    package: str
    file: str
    licence: str


SOURCES: Final = {
    "astronaut": Source("skimage", "data/astronaut.png", "public domain (NASA)"),
    "chelsea": Source("skimage", "data/chelsea.png", "CC0 (Stéfan van der Walt)"),
    "china": Source("sklearn", "datasets/images/china.jpg", "CC BY 2.0 (danielbuechele, Flickr)"),
    "coffee": Source("skimage", "data/coffee.png", "CC0 (Rachel Michetti)"),
    "flower": Source("sklearn", "datasets/images/flower.jpg", "CC BY 2.0 (vultilion, Flickr)"),
    "motorcycle": Source("skimage", "data/motorcycle_left.png", "not stated (Middlebury Stereo 2014)"),
    "rocket": Source("skimage", "data/rocket.jpg", "public domain (SpaceX)"),
}
"""The natural colour photos in the wheels, by category."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Where a tile lies: `photo`, `split`, and its upper left corner at (`top`, `left`)."""

    photo: str
    split: Split
    top: int
    left: int

    @property
    def id(self) -> str:
        """Name of the tile."""
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
        caveat="A demonstration, no benchmark. Train and test are different regions of the same seven "
        "photos: a method that learns has seen the very scene, light and camera that it is tested on, and "
        "test tiles of one photo overlap by up to a quarter. Use these numbers to see that everything works "
        "and what it costs. They are no evidence of how a method does on photos it has not seen, nor of "
        "which method is better.",
    )

    def __init__(self, root: Path | None = None) -> None:
        if root is not None:
            raise UserError("dataset 'samples' comes with the package: leave --data-root out")
        super().__init__(root)
        self._files = {name: _installed(source) for name, source in SOURCES.items()}
        self._decoded: dict[str, RGB] = {}

    def entries(self) -> list[Entry]:
        """Return every tile, photo by photo."""
        return self._entries

    def read(self, entry: Entry) -> RGB:
        """Return one tile, uint8 (128, 128, 3); raises `PhotoError` if its photo cannot be decoded."""
        tile = self._tiles[entry.id]
        whole = self._photo(tile.photo)
        return whole[tile.top : tile.top + TILE, tile.left : tile.left + TILE].copy()

    @cached_property
    def _tiles(self) -> dict[str, Tile]:
        return {tile.id: tile for name in SOURCES for tile in _layout(name, *self._photo(name).shape[:2])}

    @cached_property
    def _entries(self) -> list[Entry]:
        digests = {name: file_digest(path) for name, path in self._files.items()}
        return [
            Entry(
                key, tile.split, tile.photo, SOURCES[tile.photo].licence, _digest(digests[tile.photo], tile)
            )
            for key, tile in self._tiles.items()
        ]

    def _photo(self, name: str) -> RGB:
        """Return a whole photo; all seven together take 6 MB."""
        if name not in self._decoded:
            self._decoded[name] = decode(self._files[name])
        return self._decoded[name]


def _installed(source: Source) -> Path:
    """Find a file of an installed package without importing the package, which would take a second."""
    spec = find_spec(source.package)
    folders = (spec.submodule_search_locations if spec else None) or []
    path = next(
        (Path(folder, source.file) for folder in folders if Path(folder, source.file).is_file()), None
    )
    if path is None:
        raise UserError(f"package '{source.package}' does not hold {source.file}: install huebench anew")
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
    """Spread as many tiles evenly over a length as a stride allows."""
    room = length - TILE
    steps = room // stride
    return [round(room * step / steps) for step in range(steps + 1)] if steps else [room // 2]


def _digest(file: str, tile: Tile) -> str:
    return hashlib.sha256(f"{file} {tile.top} {tile.left} {TILE}".encode()).hexdigest()
