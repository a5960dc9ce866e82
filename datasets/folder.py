"""``folder:PATH``: any tree of photos."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final

from .. import UserError
from .base import DatasetInfo, Split, register_dataset
from .splits import TENTHS, by_digest, shares
from .tree import TreeDataset

SPLIT_FOLDERS: Final[dict[str, Split]] = {
    "train": "train",
    "val": "validation",
    "validation": "validation",
    "test": "test",
}
"""Sub-folders that state the splits."""


@register_dataset
class Folder(TreeDataset):
    """A tree of photos; its sub-folders are categories or splits.

    With both a ``train`` and a ``test`` sub-folder, these and ``val`` or ``validation`` are the splits, and
    the folders below them the categories; without a validation folder, a tenth of train is validation. Else
    sub-folders are categories and the splits are 80/10/10. Where we choose, we choose in the order of the
    photos' SHA-256, and equal files stay together.
    """

    info: ClassVar = DatasetInfo(
        name="folder",
        summary="your own photos: folder:PATH; sub-folders are categories",
        source="the folder that you name",
        licence="unknown",
        splits="the sub-folders train, val and test where there are, else 80/10/10 in the order of SHA-256",
    )

    def __init__(self, root: Path | None = None) -> None:
        if root is None:
            raise UserError("dataset 'folder' needs a folder: write folder:PATH, or add --data-root PATH")
        super().__init__(root)
        if not self.tree.paths:
            raise UserError(f"'{root}' holds no photos (.jpg, .png, .tif, .webp, …); put some there")

    def places(self, digests: Mapping[str, str]) -> dict[str, tuple[Split, str]]:
        """Return the stated splits or ours, and the sub-folders as categories."""
        stated = _stated_splits(list(digests), self.tree.root)
        splits = stated or by_digest(digests, shares(len(digests), TENTHS))
        if stated and "validation" not in stated.values():
            train = {key: digest for key, digest in digests.items() if stated[key] == "train"}
            tenth = round(len(train) / 10)
            splits |= by_digest(train, (len(train) - tenth, tenth, 0))
        depth = 1 if stated else 0
        return {key: (splits[key], _category(key, depth)) for key in digests}


def _category(key: str, depth: int) -> str:
    folders = PurePosixPath(key).parts[depth:-1]
    return folders[0] if folders else ""


def _stated_splits(keys: list[str], root: Path) -> dict[str, Split]:
    """Return each photo's split by its first folder, or nothing if the folders state no splits."""
    first = {key: key.partition("/")[0] if "/" in key else "" for key in keys}
    if not {"train", "test"} <= set(first.values()):
        return {}
    stray = next((key for key in keys if first[key] not in SPLIT_FOLDERS), None)
    if stray:
        raise UserError(f"'{root}' has train and test folders, but photo '{stray}' is in no split: move it")
    return {key: SPLIT_FOLDERS[folder] for key, folder in first.items()}
