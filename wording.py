"""Words that every part of the package prints in the same way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic import ValidationError

_WHOLE, _NUMBER, _TRUTH, _TABLE = "a whole number", "a number", "true or false", "a table of named values"

_ALLOWED: Final = {
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "string_type": "text",
    "path_type": "a path",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}
"""What is allowed where pydantic finds a fault of a type."""

_PLAINLY: Final = {
    "extra_forbidden": "unknown",
    "missing": "missing",
    "value_error": "{error}",
    "too_short": "too few values (at least {min_length})",
    "too_long": "too many values (at most {max_length})",
    **{kind: f"must be {allowed}" for kind, allowed in _ALLOWED.items()},
}
"""Faults that pydantic names in terms of its own, by their type; its others are in plain English."""


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> counted(1, "photo"), counted(4319, "photo"), counted(2, "further photo")
    ('1 photo', '4,319 photos', '2 further photos')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def describe_fault(fault: Any) -> str:
    """Return what is wrong with a value, from one of pydantic's faults, or what is allowed.

    >>> describe_fault({"type": "greater_than", "msg": "Input should be greater than 0", "ctx": {"gt": 0}})
    'must be greater than 0'
    """
    if plain := _PLAINLY.get(fault["type"]):
        return plain.format(**fault.get("ctx", {}))
    return re.sub(r"^\w+ should ", "must ", fault["msg"])


def describe_faults(error: ValidationError) -> str:
    """Return what is wrong with each field, or what is allowed, in one line."""
    faults = ((fault["loc"], describe_fault(fault)) for fault in error.errors())
    return "; ".join(": ".join(filter(None, (".".join(map(str, loc)), said))) for loc, said in faults)
