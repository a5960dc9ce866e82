"""``folder:PATH``: any tree of photos."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final

from ... import UserError
from ..base import DatasetInfo, Split, register_dataset
from ..splits import TENTHS, by_digest, shares
from ..tree import TreeDataset

SPLIT_FOLDERS: Final[dict[str, Split]] = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
"""Sub-folders that name splits, in any case, also followed by a year: ``Train``, ``val2017``."""


@register_dataset
class Folder(TreeDataset):
    """A tree of photos; its sub-folders are categories or splits.

    If two or more sub-folders are named in `SPLIT_FOLDERS`, they are the splits, and the folders in them the
    categories. Without ``test``, ``val`` is the test split, as papers use ImageNet and COCO. Without a
    validation split, a tenth of train becomes one. Otherwise sub-folders are categories and the splits are
    80/10/10. Photos are assigned in the order of their SHA-256, and equal files stay together.
    """

    info: ClassVar = DatasetInfo(
        name="folder",
        summary="your own photos: folder:PATH; sub-folders are categories",
        source="the folder that you name",
        licence="unknown",
        splits="the sub-folders train, val, test if present (without test, val is test), else 80/10/10 in "
        "the order of SHA-256",
    )

    def __init__(self, root: Path | None = None) -> None:
        if root is None:
            raise UserError("dataset 'folder' needs a folder: write folder:PATH, or add --data-root PATH")
        super().__init__(root)
        if not self.tree.paths:
            raise UserError(f"no photos in '{root}' (.jpg, .png, .tif, .webp, …); put some there")

    def places(self, digests: Mapping[str, str]) -> dict[str, tuple[Split, str]]:
        """Return splits by sub-folders, or else by SHA-256, and sub-folders as categories."""
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
    """Return each photo's split by its first folder, or nothing if the folders are not splits."""
    stated = {key: split for key in keys if (split := _stated_split(key))}
    named = set(stated.values())
    if len(named) < 2:
        return {}
    if "train" not in named:
        raise UserError(f"'{root}' has val and test folders but no train folder: add it, or rename them")
    stray = next((key for key in keys if key not in stated), None)
    if stray:
        folders = f"train and {'test' if 'test' in named else 'val'}"
        raise UserError(f"'{root}' has {folders} folders, but photo '{stray}' is in none of them: move it")
    if "test" not in named:
        return {key: "train" if split == "train" else "test" for key, split in stated.items()}
    return stated


def _stated_split(key: str) -> Split | None:
    folder, below, _ = key.partition("/")
    return SPLIT_FOLDERS.get(folder.casefold().rstrip("0123456789")) if below else None
