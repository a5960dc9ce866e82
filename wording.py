"""Words that every part of the package prints in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic import ValidationError

_PLAINLY: Final = {"extra_forbidden": "unknown", "missing": "missing"}
"""Faults that pydantic names in terms of its own, by their type."""


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> counted(1, "photo"), counted(4319, "photo"), counted(2, "further photo")
    ('1 photo', '4,319 photos', '2 further photos')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def describe_faults(error: ValidationError) -> str:
    """Return what is wrong with each field, and what is allowed, in one line."""
    faults = ((fault["loc"], _PLAINLY.get(fault["type"], fault["msg"])) for fault in error.errors())
    return "; ".join(": ".join(filter(None, (".".join(map(str, loc)), said))) for loc, said in faults)
