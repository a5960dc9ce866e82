"""Splits that the names of folders state."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Final

from .. import UserError
from . import SPLITS, Split

SPLIT_NAMES: Final[dict[Split, str]] = {
    "train": "train training trainval trn imagestr",
    "validation": "val valid validation validate dev devel development eval evaluation imagesvl",
    "test": "test tests testing tst holdout imagests",
}
"""Words in the name of a folder that make it a split.

Case, digits and other words in the name do not matter: ``Train``, ``val2017``, ``train_set``, ``trainA``,
``DIV2K_train_HR``, nor does what stands with a word: ``testimages``, ``TRAINHR``. A name with words of two
splits states none.
"""

_SPLIT_OF: Final[dict[str, Split]] = {w: split for split in SPLITS for w in SPLIT_NAMES[split].split()}
_WORDS: Final = re.compile(r"[^\W\d_]+")
_CAMEL: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_BESIDE: Final = "images?|imgs?|photos?|pictures?|data|sets?"
_BARE: Final = re.compile(rf"(?:{_BESIDE})?(\w+?)(?:{_BESIDE}|[hl]r)?")


@dataclass(frozen=True)
class Stated:
    """A photo's `split`, the name of the `folder` that states it, and its `category`."""

    split: Split
    folder: str
    category: str


def split_named(name: str) -> Split | None:
    """Return the split that a name states, or ``None``.

    Examples
    --------
    >>> [split_named(name) for name in ("DIV2K_train_HR", "testA", "val2017", "train_test", "portraits")]
    ['train', 'test', 'validation', None, None]
    """
    for words in (_WORDS.findall(name), _CAMEL.findall(name)):
        if named := {split for word in words if (split := _split_of(word.casefold()))}:
            return named.pop() if len(named) == 1 else None
    return None


def _split_of(word: str) -> Split | None:
    bare = _BARE.fullmatch(word)
    return _SPLIT_OF.get(word) or (_SPLIT_OF.get(bare[1]) if bare else None)


def stated_splits(ids: Sequence[str], root: Path, advice: str) -> dict[str, Stated]:
    """Return the photos' splits and categories from their folders; empty if these name no split.

    Folders that all photos are in do not count, and a single split of all photos states nothing. In a photo's
    path, the first folder that names a split states it. The category is the first folder above it, or else
    the first below it.

    Parameters
    ----------
    ids
        Paths of the photos below the root.
    root, advice
        For errors: the photos' folder, and alternative advice.

    Raises
    ------
    UserError
        If two splits are named, but not train, or a photo is in none that is named.
    """
    above = {key: key.rpartition("/")[0] for key in ids}
    folders = {path: path.split("/") if path else [] for path in set(above.values())}
    columns = zip(*folders.values(), strict=False)
    shared = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    found = {path: _stated(names[shared:]) for path, names in folders.items()}
    stated = {key: one for key in ids if (one := found[above[key]])}
    names = defaultdict(list)
    for one in stated.values():
        names[one.split].append(one.folder)
    stray = next((key for key in ids if key not in stated), None)
    if not stated or (len(names) == 1 and stray is None):
        return {}
    *others, last = [found[0] for found in names.values()]
    first = f"{', '.join(others)} and {last}" if others else last
    if stray is not None:
        has, where = ("folders", "in none") if len(names) > 1 else ("the split folder", "not in it")
        raise UserError(f"'{root}' has {has} {first}, but photo '{stray}' is {where}: move it, or {advice}")
    if "train" not in names:
        raise UserError(f"'{root}' has folders {first}, but none for training: add it, or {advice}")
    return stated


def _stated(folders: Sequence[str]) -> Stated | None:
    for i, name in enumerate(folders):
        if split := split_named(name):
            return Stated(split, name, next(iter((*folders[:i], *folders[i + 1 :])), ""))
    return None
