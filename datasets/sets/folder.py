"""``folder:PATH``: any tree of photos, or a zip archive of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from ..base import SPLITS, DatasetInfo, Split, register_dataset
from ..split_files import read_assignment
from ..split_folders import stated_splits
from ..splits import TENTHS, by_digest, shares
from ..tree import NAMED, TreeDataset

SPLIT_FILE: Final = "splits.csv"
"""File in the folder that states the splits and overrides the names of folders."""

_ADVICE: Final = f"rename them, or put a {SPLIT_FILE} with the columns id, split and category there"


@register_dataset
class Folder(TreeDataset):
    """A tree of photos; its sub-folders are categories or splits.

    `SPLIT_FILE` states the splits, or sub-folders at any depth do, see
    `huebench.datasets.split_folders.stated_splits`. Without a folder for test, that for validation is
    test, as papers use ImageNet and COCO. Without one for validation, a tenth of train is. If nothing is
    stated, sub-folders are categories and the splits are 80/10/10. Photos are assigned in the order of their
    SHA-256, and equal files stay together.
    """

    info: ClassVar = DatasetInfo(
        name="folder",
        argument="PATH",
        summary="your own photos: folder:PATH, a folder or a zip archive; sub-folders are categories",
        source="the folder that you name",
        licence="unknown",
        splits=f"as {SPLIT_FILE} or sub-folders such as train, val and test state (without test, val is it), "
        "else 80/10/10 in the order of SHA-256",
    )

    layout: ClassVar = "The folder, or its sub-folders, must hold photos: .jpg, .png, .tif, .webp, …"

    def __init__(self, root: Path | None = None, *, follow_links: bool = False) -> None:
        super().__init__(root, follow_links=follow_links)
        self._how = ""

    def places(self, digests: Mapping[str, str]) -> Mapping[str, tuple[Split, str]]:
        """Return splits by `SPLIT_FILE`, sub-folders or SHA-256, and categories."""
        listed = self.tree.side_file(SPLIT_FILE)
        if listed is not None:
            self._how = f"as {SPLIT_FILE} states"
            return read_assignment(listed, f"'{self.tree.root / SPLIT_FILE}'", self.tree.ids)
        stated = stated_splits(self.tree.ids, self.tree.root, _ADVICE)
        if not stated:
            self._how = "80/10/10 in the order of SHA-256, because the names of sub-folders define no splits"
            splits = by_digest(digests, shares(len(digests), TENTHS))
            return {key: (splits[key], _category(key)) for key in digests}
        splits = {key: one.split for key, one in stated.items()}
        self._how = _in_words({(one.split, one.folder) for one in stated.values()})
        if "test" not in splits.values():
            splits = {key: "train" if split == "train" else "test" for key, split in splits.items()}
            self._how += "; there is no test, so validation is test"
        if "validation" not in splits.values():
            train = {key: digest for key, digest in digests.items() if splits[key] == "train"}
            tenth = round(len(train) / 10)
            splits |= by_digest(train, (len(train) - tenth, tenth, 0))
            self._how += "; a tenth of train is validation"
        return {key: (splits[key], stated[key].category) for key in digests}

    def facts(self) -> dict[str, Any]:
        """Return how the splits were made, and the files that were passed over."""
        self.entries()
        return {**super().facts(), "splits": self._how}


def _category(key: str) -> str:
    folder, below, _ = key.partition("/")
    return folder if below else ""


def _in_words(stated: set[tuple[Split, str]]) -> str:
    """Return the folders that state each split, in words."""
    parts = []
    for split in SPLITS:
        folders = sorted(folder for named, folder in stated if named == split)
        shown = ", ".join(f"{folder}/" for folder in folders[:NAMED]) + (", …" if folders[NAMED:] else "")
        parts += [f"{split} in {shown}"] if folders else []
    return "; ".join(parts)
