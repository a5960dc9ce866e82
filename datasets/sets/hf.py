"""``hf:FOLDER``: image sets of Hugging Face, in Parquet files on this machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ... import UserError
from ...files import write_text
from ..base import RGB, Dataset, DatasetInfo, Entry, PhotoError, Split, register_dataset
from ..decode import decode_entry
from ..digests import cache_folder, file_stamp, rereading
from ..split_folders import stated_splits
from ..splits import TENTHS, by_digest, shares
from ..tree import LARGEST_MEMBER

COLUMNS: Final = ("image", "img", "jpg", "png", "photo")
"""Names of the column with the photos, in the order in which they are tried."""

CATEGORY: Final = ("label", "category")
"""Names of the column with the category."""

PhotoRow = tuple[str, str]
"""SHA-256 of a photo, ``""`` without one, and its category."""


@register_dataset
class HuggingFace(Dataset):
    """Photos in Parquet files, each a structure with ``bytes``, as the library ``datasets`` writes them.

    The names of files and folders state splits, ``train-00000-of-00010.parquet``; otherwise the splits are
    80/10/10 in the order of SHA-256. Photos are in the order of the files, so that training reads each file
    from its beginning to its end. A row's ``path`` is ignored, and nothing is unpickled or fetched.
    """

    info: ClassVar = DatasetInfo(
        name="hf",
        argument="FOLDER",
        summary="Parquet files of Hugging Face with images: hf:FOLDER, or hf:OWNER/NAME in its cache",
        source="the folder that you name",
        licence="unknown",
        splits="as the names of files state (train, validation, test), else 80/10/10 in the order of SHA-256",
    )

    def __init__(self, root: Path | None = None) -> None:
        if root is None:
            raise UserError("dataset 'hf' needs a folder: write hf:FOLDER, or add --data-root FOLDER")
        super().__init__(root if root.is_dir() else _cached(root))
        self._group: tuple[str, int, pa.ChunkedArray] | None = None

    def entries(self) -> list[Entry]:
        """Return every photo, in the order of the files; ids are ``FILE/ROW``."""
        return self._entries

    def read(self, entry: Entry) -> RGB:
        """Decode one photo; raises `PhotoError` with the reason."""
        file, _, row = entry.id.rpartition("/")
        return decode_entry(entry, lambda: self._content(file, int(row)))

    def facts(self) -> dict[str, Any]:
        """Return how the splits were made, and a fingerprint of each file."""
        prints = {
            file: hashlib.sha256("\n".join(digest for digest, _ in rows).encode()).hexdigest()[:16]
            for file, rows in self._rows.items()
        }
        how = "as the names of files state" if self._stated else "80/10/10 in the order of SHA-256"
        return {"splits": how, "shards": prints}

    @property
    def _folder(self) -> Path:
        assert self.root is not None  # noqa: S101  # __init__ has seen to it
        return self.root

    @cached_property
    def _rows(self) -> dict[str, list[PhotoRow]]:
        paths = sorted(self._folder.rglob("*.parquet"))
        if not paths:
            raise UserError(f"no Parquet files in '{self._folder}': name the folder that holds them")
        return {path.relative_to(self._folder).as_posix(): _rows_of(path) for path in paths}

    @cached_property
    def _stated(self) -> Mapping[str, Split]:
        """The split of each file, if their names state several."""
        names = {f"{file.removesuffix('.parquet')}/photos": file for file in self._rows}
        stated = stated_splits(list(names), self._folder, "rename the files")
        return {names[key]: one.split for key, one in stated.items()}

    @cached_property
    def _entries(self) -> list[Entry]:
        found = {f"{file}/{i}": row for file, rows in self._rows.items() for i, row in enumerate(rows)}
        splits: Mapping[str, Split]
        if self._stated:
            splits = {key: self._stated[key.rpartition("/")[0]] for key in found}
        else:
            splits = by_digest({key: row[0] for key, row in found.items()}, shares(len(found), TENTHS))
        licence = self.info.licence
        return [
            Entry(key, splits[key], category, licence, digest) for key, (digest, category) in found.items()
        ]

    def _content(self, file: str, row: int) -> bytes:
        """Return a photo's bytes; the last group of rows is kept, as photos are mostly read in order."""
        path = self._folder / file
        try:
            with pq.ParquetFile(path) as table:
                first = 0
                for group in range(table.num_row_groups):
                    rows = table.metadata.row_group(group).num_rows
                    if row < first + rows:
                        return _bytes(self._column(table, file, group)[row - first])
                    first += rows
        except (pa.ArrowException, OSError) as error:
            raise PhotoError(f"'{file}' cannot be read ({error})") from error
        raise PhotoError(f"'{file}' has no row {row}")

    def _column(self, table: pq.ParquetFile, file: str, group: int) -> pa.ChunkedArray:
        if self._group is None or self._group[:2] != (file, group):
            name = _named(table, COLUMNS, file)
            self._group = (file, group, table.read_row_group(group, columns=[name]).column(0))
        return self._group[2]


def _cached(root: Path) -> Path:
    """Return the folder of a set in the hub's cache, which is named as on the hub: ``OWNER/NAME``."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(root.as_posix(), repo_type="dataset", local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise UserError(
            f"dataset 'hf': '{root}' is neither a folder nor a set in Hugging Face's cache; fetch it with "
            f"hf download --repo-type dataset {root}"
        ) from error


def _rows_of(path: Path) -> list[PhotoRow]:
    """Return digest and category of every row; from the cache if the file has not changed."""
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]
    place, stamp = cache_folder() / "shards" / f"{name}.json", list(file_stamp(path))
    with suppress(OSError, ValueError, TypeError, KeyError):
        cached = json.loads(place.read_text(encoding="utf-8"))
        if cached["stamp"] == stamp and not rereading():
            return [(digest, category) for digest, category in cached["rows"]]
    try:
        with pq.ParquetFile(path) as table:
            found = list(_scan(table, path.name))
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"'{path}' is not a complete Parquet file ({error}): get it again") from error
    with suppress(OSError):  # a cache that cannot be written only costs time
        write_text(place, json.dumps({"stamp": stamp, "rows": found}))
    return found


def _scan(table: pq.ParquetFile, file: str) -> Iterator[PhotoRow]:
    image, label = (
        _named(table, COLUMNS, file),
        next((c for c in CATEGORY if c in table.schema_arrow.names), ""),
    )
    for batch in table.iter_batches(64, columns=[image, *([label] if label else [])]):
        for i in range(len(batch)):
            try:
                digest = hashlib.sha256(_bytes(batch[image][i])).hexdigest()
            except PhotoError:
                digest = ""
            category = batch[label][i].as_py() if label else None
            yield digest, "" if category is None else str(category)


def _named(table: pq.ParquetFile, names: tuple[str, ...], file: str) -> str:
    """Return the first of some names that is a column of structures with ``bytes``."""
    for name in names:
        kind = table.schema_arrow.field(name).type if name in table.schema_arrow.names else None
        if kind is not None and pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
            return name
    raise UserError(
        f"'{file}' has no column of images ({', '.join(names)}) with bytes; its columns are "
        f"{', '.join(table.schema_arrow.names)}"
    )


def _bytes(image: pa.StructScalar) -> bytes:
    content = image["bytes"].as_py() if image.is_valid else None
    if not isinstance(content, bytes):
        raise PhotoError("its row holds no bytes")
    if len(content) > LARGEST_MEMBER:
        raise PhotoError(f"more than {LARGEST_MEMBER:,} bytes in its row")
    return content
