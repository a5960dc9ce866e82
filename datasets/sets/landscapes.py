"""``landscapes``: 4,319 landscape photos from Flickr, in Kaggle's version, or a plain folder of photos."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import ClassVar, Final

from ..base import DatasetInfo, Split, register_dataset
from ..splits import by_digest, shares
from ..tree import TreeDataset

CATEGORIES: Final = {
    None: "landscape",
    "2": "mountain",
    "3": "desert",
    "4": "sea",
    "5": "beach",
    "6": "island",
    "7": "Japan",
}
"""Category by the number in a file's name: ``00000000.jpg`` has none, ``00000000_(2).jpg`` has 2.

The set does not document its suffixes; this is the order in which its description lists its searches.
"""

COUNTS: Final = (4_000, 200, 119)
"""Number of photos for train, validation and test: 4,200 to learn from and 119 to test on.

We chose to use 200 of the 4,200 for validation.
"""

_NAME: Final = re.compile(r"\d{8}(?:_\((\d)\))?\.jpg")


@register_dataset
class Landscapes(TreeDataset):
    """Landscape photos in a folder.

    Photos are split in the order of their SHA-256: the first 4,000 are train, the next 200 validation, the
    rest test, 119 in the full set. A set of fewer than 4,319 photos is split in proportion. Equal files stay
    in one split.
    """

    info: ClassVar = DatasetInfo(
        name="landscapes",
        summary="4,319 landscape photos from Flickr in 7 categories, or a plain folder of photos",
        source="https://www.kaggle.com/datasets/arnaud58/landscape-pictures",
        licence="not stated (photos from Flickr)",
        splits="4,000 train, 200 validation, the rest (119) test by SHA-256; fewer in proportion",
    )

    layout: ClassVar = (
        "Download archive.zip from https://www.kaggle.com/datasets/arnaud58/landscape-pictures (Kaggle "
        "requires a login, so huebench cannot), unpack it, and name the folder with 00000000.jpg; any other "
        "folder of photos works as well"
    )

    def places(self, digests: Mapping[str, str]) -> dict[str, tuple[Split, str]]:
        """Return splits by SHA-256, and the categories in Kaggle's file names."""
        splits = by_digest(digests, _counts(len(digests)))
        numbers = {key: _NAME.fullmatch(PurePosixPath(key).name) for key in digests}
        # Eight digits alone are not enough: a plain folder may number its photos too.
        suffixed = any(match and match[1] for match in numbers.values())
        return {key: (splits[key], _category(numbers[key]) if suffixed else "") for key in digests}


def _category(match: re.Match[str] | None) -> str:
    return CATEGORIES.get(match[1], "") if match else ""


def _counts(photos: int) -> tuple[int, int, int]:
    train, validation, _ = COUNTS
    if photos >= sum(COUNTS):
        return train, validation, photos - train - validation
    return shares(photos, COUNTS)
