"""``imagenet-val5k`` and ``imagenet-ctest10k``: the parts of ImageNet's validation set that papers score."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import ClassVar, Final

from ..base import DatasetInfo, Split, register_dataset
from ..splits import with_validation
from ..tree import NAMED, TreeDataset

SOURCE: Final = "https://www.image-net.org/challenges/LSVRC/2012 (ILSVRC 2012)"
LICENCE: Final = "ImageNet's terms of access: non-commercial research and education"

_VALIDATION: Final = re.compile(r"ILSVRC2012_val_(\d{8})\.JPEG")
_TRAIN: Final = re.compile(r"(n\d{8})_\d+\.JPEG")


class ImageNet(TreeDataset):
    """A user's copy of ImageNet; a subclass says which of its 50,000 validation photos are the test.

    Photos of train, if there are any, are for training, but 1,000 of them at most, the last by SHA-256, for
    validation. Other photos of the validation set are left out.
    """

    layout: ClassVar = (
        "The folder holds the photos under their official names, ILSVRC2012_val_00000001.JPEG and so on, in "
        "any sub-folders; and, for methods that learn, those of train, n01440764_18.JPEG and so on"
    )

    @abstractmethod
    def numbers(self) -> frozenset[int]:
        """Return the numbers in the names of the photos of the test, from 1 to 50,000."""

    def places(self, digests: Mapping[str, str]) -> dict[str, tuple[Split, str]]:
        """Return the splits, and as categories the names of WordNet's synsets, where folders state them."""
        wanted, found = self.numbers(), dict[int, str]()
        train: dict[str, str] = {}
        for key, digest in digests.items():
            name = PurePosixPath(key).name
            if match := _VALIDATION.fullmatch(name):
                if (number := int(match[1])) in found:
                    raise self.refusal(f"'{key}' and '{found[number]}' are one photo: remove one")
                found[number] = key
            elif _TRAIN.fullmatch(name):
                train[key] = digest
        if absent := sorted(wanted - found.keys()):
            named = ", ".join(f"ILSVRC2012_val_{number:08}.JPEG" for number in absent[:NAMED])
            raise self.refusal(
                f"{len(absent):,} of {len(wanted):,} test photos are missing in '{self.root}', such as "
                f"{named}"
            )
        learned = {
            key: (split, PurePosixPath(key).name.partition("_")[0])
            for key, split in with_validation(train).items()
        }
        return learned | {found[n]: ("test", _synset(found[n])) for n in sorted(wanted)}


@register_dataset
class Val5k(ImageNet):
    """The first 5,000 validation photos, on which CT2, BigColor and DDColor report."""

    info: ClassVar = DatasetInfo(
        name="imagenet-val5k",
        summary="the first 5,000 validation photos of ImageNet, from your copy",
        source=SOURCE,
        licence=LICENCE,
        splits="test: ILSVRC2012_val_00000001 to 00005000; train, if present, less 1,000 for validation",
    )

    def numbers(self) -> frozenset[int]:
        """Return 1 to 5,000."""
        return frozenset(range(1, PHOTOS["imagenet-val5k"] + 1))


@register_dataset
class CTest10k(ImageNet):
    """The 10,000 validation photos of Larsson et al. 2016, on which Zhang et al. report.

    Their names come from the file `LIST`, which is published with the authors' code.
    """

    LIST: ClassVar = "ctest10k.txt"

    info: ClassVar = DatasetInfo(
        name="imagenet-ctest10k",
        summary="10,000 validation photos of ImageNet, listed in ctest10k.txt, from your copy",
        source=f"{SOURCE}; the list: Larsson et al. 2016, arXiv:1603.06668",
        licence=LICENCE,
        splits="test: as ctest10k.txt lists them; train, if present, less 1,000 for validation",
    )

    def numbers(self) -> frozenset[int]:
        """Return the numbers in the list; raises `UserError` if it is missing or incomplete."""
        listed = self.tree.side_file(self.LIST)
        where = f"'{self.tree.root / self.LIST}'"
        if listed is None:
            raise self.refusal(f"{where} is missing: put the list of the 10,000 file names there")
        lines = listed.decode(errors="replace").split("\n")
        names = [PurePosixPath(line.split()[0]).name for line in lines if line.strip()]
        found = [match and int(match[1]) for match in map(_VALIDATION.fullmatch, names)]
        numbers = frozenset(number for number in found if number)
        expected = PHOTOS["imagenet-ctest10k"]
        if len(numbers) != expected or None in found:
            raise self.refusal(
                f"{where} lists {len(numbers):,} photos; it must list {expected:,}, one name per line, such "
                "as ILSVRC2012_val_00000001.JPEG"
            )
        return numbers


PHOTOS: Final = {"imagenet-val5k": 5_000, "imagenet-ctest10k": 10_000}
"""Number of photos in the test of each set."""


def _synset(key: str) -> str:
    folder = PurePosixPath(key).parent.name
    return folder if re.fullmatch(r"n\d{8}", folder) else ""
