"""``shards:PATTERN``: photos in tar files, as WebDataset lays them out."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from ... import UserError
from ..base import RGB, Dataset, DatasetInfo, Entry, Split, register_dataset
from ..decode import decode_entry
from ..shards import Member, Shard, find_shards
from ..split_folders import stated_splits
from ..splits import TENTHS, by_digest, shares


@register_dataset
class Shards(Dataset):
    """Photos in tar shards, local or at an address that fsspec opens.

    The names of shards state splits if they contain words for at least two, as folders do: ``train-000.tar``,
    ``val-000.tar``. Otherwise the splits are 80/10/10 in the order of SHA-256. A photo's category is the
    content of the member with its name and the suffix ``.cls``. If there is none in all shards, it is that
    of ``.txt``, unless most of these texts differ: then they are captions. The photos are in the order of
    the shards, so that training reads each shard from its beginning to its end.
    """

    info: ClassVar = DatasetInfo(
        name="shards",
        argument="PATTERN",
        summary="photos in WebDataset's tar shards: shards:PATTERN, such as shards:photos-{000..017}.tar",
        source="the shards that you name",
        licence="unknown",
        splits="as the names of shards state (train, val, test), else 80/10/10 in the order of SHA-256",
    )

    def __init__(self, root: Path | None = None) -> None:
        if root is None:
            raise UserError("dataset 'shards' needs shards: write shards:PATTERN, or add --data-root PATTERN")
        super().__init__(root)
        # A path keeps one slash of the two in an address.
        self.shards = find_shards(re.sub(r"^(\w{2,}):/(?!/)", r"\1://", str(root)))

    def entries(self) -> list[Entry]:
        """Return every photo, in the order of the shards; ids are ``SHARD/NAME``."""
        return self._entries

    def read(self, entry: Entry) -> RGB:
        """Decode one photo; raises `PhotoError` with the reason."""
        shard, member = self._places[entry.id]
        return decode_entry(entry, lambda: shard.read(member))

    def facts(self) -> dict[str, Any]:
        """Return how the splits were made, the number of shards, and a fingerprint of each."""
        prints = OrderedDict[str, Any]()
        for shard in self.shards:
            prints[shard.name] = hashlib.sha256()
        for entry in self._entries:
            prints[entry.id.partition("/")[0]].update(f"{entry.id}\0{entry.sha256}\n".encode())
        how = "as the names of shards state" if self._stated else "80/10/10 in the order of SHA-256"
        return {"splits": how, "shards": {name: each.hexdigest()[:16] for name, each in prints.items()}}

    @cached_property
    def _places(self) -> dict[str, tuple[Shard, Member]]:
        found: dict[str, tuple[Shard, Member]] = {}
        for shard in self.shards:
            for member in shard.members():
                key = f"{shard.name}/{_plain(member.name)}"
                if key in found:  # x.jpg and ./x.jpg
                    raise UserError(
                        f"shard '{shard.name}' holds two photos named '{_plain(member.name)}': remove one"
                    )
                found[key] = (shard, member)
        if not found:
            raise UserError(f"no photos in the shards '{self.root}'")
        return found

    @cached_property
    def _stated(self) -> Mapping[str, Split]:
        """The split of each shard, if the names of the shards state several."""
        names = [f"{shard.name.removesuffix('.tar')}/{shard.name}" for shard in self.shards]
        stated = stated_splits(names, Path(str(self.root)), "rename the shards")
        return {key.rpartition("/")[2]: one.split for key, one in stated.items()}

    @cached_property
    def _entries(self) -> list[Entry]:
        places, licence = self._places, self.info.licence
        splits: Mapping[str, Split]
        if self._stated:
            splits = {key: self._stated[shard.name] for key, (shard, _) in places.items()}
        else:
            found = {key: member.sha256 for key, (_, member) in places.items()}
            splits = by_digest(found, shares(len(found), TENTHS))
        members = [member for _, member in places.values()]
        texts = [member.text for member in members if member.text]
        captions = any(member.category for member in members) or 2 * len(set(texts)) > len(texts)
        return [
            Entry(key, splits[key], m.category if captions else m.text, licence, m.sha256)
            for key, (_, m) in places.items()
        ]


def _plain(name: str) -> str:
    """Return a member's name as the end of an id: without a root, and with no step upwards."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return "/".join("%2E%2E" if part == ".." else part for part in parts)
