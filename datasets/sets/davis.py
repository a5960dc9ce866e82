"""DAVIS: 90 clips at 480p, of which papers score 30."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from ..base import DatasetInfo, Split, register_dataset
from ..clips import ClipFolders
from ..splits import by_name

FRAMES: Final = Path("JPEGImages", "480p")
"""Folder of the frames in the official archive."""

_DAVIS30: Final = (
    "bike-packing blackswan bmx-trees breakdance camel car-roundabout car-shadow cows dance-twirl "
    "dog dogs-jump drift-chicane drift-straight goat gold-fish horsejump-high india judo kite-surf lab-coat "
    "libby loading mbike-trick motocross-jump paragliding-launch parkour pigs scooter-black shooting soapbox"
)
DAVIS30: Final = frozenset(_DAVIS30.split())
"""The validation clips of DAVIS 2017 (``ImageSets/2017/val.txt``), which papers on colorization score."""


@register_dataset
class Davis(ClipFolders):
    """The clips of DAVIS 2017, or those of them that are there, from the official archive's folders.

    The 30 validation clips are test, as in papers; of the others a tenth, by name, is validation.
    """

    info: ClassVar = DatasetInfo(
        name="davis",
        summary="DAVIS 2017: 90 clips of animals, people and cars, 854×480; papers score 30 (DAVIS30)",
        source="Pont-Tuset et al. 2017, arXiv:1704.00675; davischallenge.org",
        licence="CC BY-NC 4.0, as its site states",
        splits="the 30 clips of ImageSets/2017/val.txt are test, a tenth of the others, by name, validation",
        clips=True,
    )

    layout: ClassVar = (
        "Unpack DAVIS-2017-trainval-480p.zip and name the folder DAVIS, which holds "
        f"{FRAMES.as_posix()}/NAME/00000.jpg and so on"
    )

    def __init__(self, root: Path | None = None, *, follow_links: bool = False) -> None:
        inside = root / FRAMES if root else None
        super().__init__(inside if inside and inside.is_dir() else root, follow_links=follow_links)

    def splits_of(self, clips: Mapping[str, str]) -> Mapping[str, Split]:
        """Return test for DAVIS30, validation for a tenth of the others, by name."""
        others = sorted(set(clips) - DAVIS30)
        tenth = round(len(others) / 10)
        return {**dict.fromkeys(clips, "test"), **by_name(others, (len(others) - tenth, tenth, 0))}

    def facts(self) -> dict[str, Any]:
        """Return the splits, and which clips of DAVIS30 are missing."""
        missing = sorted(DAVIS30 - {entry.clip for entry in self.entries()})
        lacks = {"missing clips of DAVIS30": ", ".join(missing)} if missing else {}
        return {**super().facts(), **lacks}
