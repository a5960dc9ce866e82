"""Checks of what a dataset returns: its entries and its facts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

from .base import SPLITS, Entry, is_text

_TEXTS = tuple(name for name in Entry.__slots__ if name != "frame")

_texts = attrgetter(*_TEXTS)


def fault_of_entries(entries: object) -> str:
    """Return what is wrong with the entries that a dataset returned, or ``""``."""
    if not isinstance(entries, Sequence):
        return f"entries() must return a list, not {type(entries).__name__}"
    if fault := next(filter(None, map(_fault_of, entries)), ""):
        return fault
    name, count = Counter(entry.id for entry in entries).most_common(1)[0] if entries else ("", 0)
    if count > 1:
        return f"{count} photos have the id '{name}'; ids must be unique"
    return _fault_of_clips(entries)


def _fault_of_clips(entries: Sequence[Entry]) -> str:
    """Return what is wrong with the clips of entries, or ``""``."""
    met: dict[str, Entry] = {}
    before = ""
    for entry in entries:
        last = met.get(entry.clip)
        if entry.clip and last:
            if entry.split != last.split:
                return f"clip '{entry.clip}' is in two splits, {last.split} and {entry.split}"
            if before != entry.clip or entry.frame <= last.frame:
                return f"the frames of clip '{entry.clip}' are not in order"
        met[entry.clip], before = entry, entry.clip
    return ""


def fault_of_facts(facts: object) -> str:
    """Return what is wrong with the facts that a dataset returned, or ``""``."""
    if not isinstance(facts, dict) or not isinstance(facts.get("splits"), str):
        return "facts() must return a dictionary with 'splits', in words"
    try:
        json.dumps(facts)
    except (TypeError, ValueError) as error:
        return f"facts() must hold texts, numbers, lists and dictionaries only ({error})"
    return ""


def _fault_of(entry: object) -> str:
    if not isinstance(entry, Entry):
        return f"an entry must be an Entry, not {type(entry).__name__}"
    for name, value in zip(_TEXTS, _texts(entry), strict=True):
        if not is_text(value):
            return f"{name} of photo {entry.id!r} must be text, not {value!r}"
    if not (isinstance(entry.frame, int) and entry.frame >= 0):
        return f"frame of photo '{entry.id}' must be a whole number from 0, not {entry.frame!r}"
    if entry.split not in SPLITS:
        return f"photo '{entry.id}' has split '{entry.split}'; the splits are {', '.join(SPLITS)}"
    return "" if entry.id else "an entry has an empty id"
