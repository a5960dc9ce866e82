"""``coco``: the 5,000 photos of COCO's val2017, on which colorization papers report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import ClassVar, Final

from ...wording import counted
from ..base import DatasetInfo, Split, register_dataset
from ..splits import with_validation
from ..tree import TreeDataset

PHOTOS: Final = 5_000
"""Number of photos in val2017."""


@register_dataset
class COCO(TreeDataset):
    """A user's copy of COCO 2017: val2017 is test, train2017 train, but 1,000 at most for validation."""

    info: ClassVar = DatasetInfo(
        name="coco",
        summary="the 5,000 photos of COCO val2017, from your copy",
        source="https://cocodataset.org (Lin et al. 2014, Microsoft COCO)",
        licence="each photo has a Creative Commons licence of its own, which COCO's annotations state",
        splits="test: val2017; train2017, if present, less 1,000 by SHA-256 for validation",
    )

    layout: ClassVar = (
        "Unpack val2017.zip and, for methods that learn, train2017.zip from "
        "https://cocodataset.org/#download, and name the folder that holds val2017"
    )

    def places(self, digests: Mapping[str, str]) -> dict[str, tuple[Split, str]]:
        """Return the splits by folder; COCO's photos have no categories."""
        inside = {key: PurePosixPath(key).parent.name for key in digests}
        test = [key for key, folder in inside.items() if folder == "val2017"]
        if len(test) != PHOTOS:
            raise self.refusal(
                f"val2017 holds {counted(len(test), 'photo')} in '{self.root}', not {PHOTOS:,}"
            )
        train = {key: digest for key, digest in digests.items() if inside[key] == "train2017"}
        splits = with_validation(train)
        return {key: (split, "") for key, split in splits.items()} | dict.fromkeys(test, ("test", ""))
