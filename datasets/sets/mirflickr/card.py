"""``mirflickr``: the 25,000 photos of MIRFLICKR-25k, unpacked, in their archive, or as Kaggle's arrays."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

from .... import UserError
from ...base import RGB, Archive, Dataset, DatasetInfo, Entry, register_dataset
from .forms import Form, find_form

PAGE: Final = "https://press.liacs.nl/mirflickr/"


@register_dataset
class Mirflickr(Dataset):
    """MIRFLICKR-25k.

    Photos ``im1.jpg`` … ``im25000.jpg`` are ordered by the SHA-256 of ``im1`` … ``im25000``: the first 20,000
    are train, the next 2,500 validation, the last 2,500 test. A photo's split thus does not depend on which
    photos are present. Kaggle's arrays do not say which photo a row is, so rows are split in the order of the
    SHA-256 of their numbers.
    """

    info: ClassVar = DatasetInfo(
        name="mirflickr",
        summary="25,000 photos from Flickr on any subject: folder, mirflickr25k.zip, or Kaggle's .npy arrays",
        source="M. J. Huiskes, M. S. Lew: The MIR Flickr Retrieval Evaluation, ACM MIR 2008",
        licence="Creative Commons, per photo (see the archive's licence files)",
        splits="80/10/10 in the order of the SHA-256 of ids",
        caveat="The set is known to have duplicates and near-duplicates, some of them across train and test "
        "(Connor et al., VISAPP 2015); bench datasets prepare lists them. One photo in ten is near-grey.",
    )

    # The address is from the set's page; size and checksum are from several public projects that check their
    # copies. We have not downloaded the archive ourselves.
    archive: ClassVar = Archive(
        url="https://press.liacs.nl/mirflickr/mirflickr25k.v3b/mirflickr25k.zip",
        file="mirflickr25k.zip",
        checksum="md5:a23d0a8564ee84cda5622a6c2f947785",
        size=3_069_184_257,
    )

    follows_links: ClassVar = True

    def __init__(self, root: Path | None = None, *, follow_links: bool = False) -> None:
        if root is None:
            raise UserError(f"dataset 'mirflickr': add --data-root PATH. {_INSTRUCTIONS}")
        super().__init__(root)
        form = find_form(root, follow_links=follow_links)
        if form is None:
            raise UserError(f"dataset 'mirflickr': not found in '{root}'. {_INSTRUCTIONS}")
        self._form: Form = form

    def entries(self) -> list[Entry]:
        """Return every photo, in the order of the numbers in their ids."""
        return self._entries

    def read(self, entry: Entry) -> RGB:
        """Decode one photo; raises `PhotoError` with the reason."""
        return self._form.read(entry)

    def facts(self) -> dict[str, Any]:
        """Return how the splits were made, and what was passed over."""
        return {**super().facts(), **self._form.facts()}

    @cached_property
    def _entries(self) -> list[Entry]:
        splits = self._form.splits()
        return [
            Entry(key, splits[key], "", self.info.licence, digest)
            for key, digest in self._form.digests().items()
        ]


_INSTRUCTIONS: Final = (
    f"Put mirflickr25k.zip from {PAGE} there, or its folder mirflickr/ with im1.jpg … im25000.jpg, or "
    "l/gray_scale.npy and ab/ab1.npy … from "
    "https://www.kaggle.com/datasets/shravankumar9892/image-colorization. The archive (3.1 GB) is fetched by "
    "'bench datasets prepare mirflickr --data-root FOLDER --download'"
)
