"""Videvo20: twenty clips that papers on temporal consistency and on colorization score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from ..base import DatasetInfo, Split, register_dataset
from ..clips import ClipFolders

CLIPS: Final = 20
"""Number of clips in the whole set."""


@register_dataset
class Videvo(ClipFolders):
    """A folder with one folder of frames per clip; all clips are test, so learn from another set."""

    info: ClassVar = DatasetInfo(
        name="videvo",
        summary="Videvo20: 20 clips of 300 pixels height; all are test, so add --train-on",
        source="Lai et al. 2018, ECCV, arXiv:1808.00449 (test set); Lei and Chen 2019 score it for colour",
        licence="Videvo's own, per clip",
        splits="all clips are test",
        clips=True,
    )

    layout: ClassVar = "The folder holds one folder of frames per clip: CLIP/00000.jpg and so on"

    def splits_of(self, clips: Mapping[str, str]) -> Mapping[str, Split]:
        """Return test for every clip."""
        return dict.fromkeys(clips, "test")

    def facts(self) -> dict[str, Any]:
        """Return the splits, and how many clips there are if not all."""
        count = len({entry.clip for entry in self.entries()})
        return {**super().facts(), **({"clips": f"{count} of {CLIPS}"} if count != CLIPS else {})}
