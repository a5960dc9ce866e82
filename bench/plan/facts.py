"""Checks of the facts that methods and cells report, before use: a wrong value fails only its own row."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ...wording import describe_faults
from .request import Keep

SHOWN = 200
"""Maximum length of an activity's name, in characters."""

LONGEST_LINE = 1 << 20
"""Size limit, in bytes, of a line that a cell's process sends to its supervisor."""

Count = Annotated[int, Field(ge=0, lt=2**63)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Notes = Annotated[dict[str, Annotated[str, Field(max_length=2000)]], Field(max_length=100)]


class _Reported(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Phase(_Reported):
    """The phase that a cell enters."""

    phase: Literal["import", "fit", "colorize", "score"]


class Progress(_Reported):
    """The progress of an activity."""

    done: Count
    total: Count
    what: Annotated[str, AfterValidator(lambda what: what[:SHOWN])]


class EpochRow(_Reported):
    """A point of a training curve, as stored in a cell's row."""

    epoch: Count
    split: Literal["train", "validation"]
    loss: float
    accuracy: float


class EpochEvent(EpochRow):
    """A point of a training curve, with the total number of epochs."""

    epochs: Count


class Learned(_Reported):
    """Facts about a method after its training."""

    seconds: Seconds
    train_photos: Count
    parameter_count: Count | None
    file_bytes: Count
    notes: Notes
    trainable: bool


def _whole_notes(notes: str) -> str:
    given = json.loads(notes)
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise ValueError("it must be a JSON object whose values are strings")
    return notes


class Fitted(BaseModel):
    """The facts that a training adds to a row."""

    model_config = ConfigDict(strict=True)

    parameter_count: Count | None = None
    model_mb: Seconds | None = None
    notes: Annotated[str, AfterValidator(_whole_notes)] = "{}"
    fit_seconds: Seconds = 0.0
    train_photos: Count = 0
    curves: Annotated[list[EpochRow], Field(max_length=1 << 20)] = []


class CellRow(Fitted):
    """The facts that a cell writes at its end; those that the tables need are checked."""

    status: Literal["ok", "failed", "timeout", "out-of-memory", "skipped"]
    phase: Literal["import", "fit", "colorize", "score"] = "import"
    reason: str = ""
    traceback: str = ""
    peak_memory_mb: Seconds = 0.0
    warm_up_seconds: Seconds = 0.0
    threads: Count = 1
    kept: Keep = "none"
    shards: list[Annotated[str, Field(pattern=r"^shard-\d+\.parquet$")]] = []
    set_metrics: dict[str, float | None] = {}


def checked_event(given: dict[str, Any]) -> dict[str, Any]:
    """Return an event of a cell or its method if it is valid.

    Raises
    ------
    ValueError
        If a value is missing, of another type or out of range.
    """
    kind = Phase if "phase" in given else EpochEvent if "epoch" in given else Progress
    return checked(kind, given)


def checked(kind: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    """Return facts if they match a model.

    Raises
    ------
    ValueError
        If a value is missing, of another type or out of range.

    Examples
    --------
    >>> checked(Progress, {"done": 1, "total": "2", "what": "decoding"})
    Traceback (most recent call last):
    ...
    ValueError: the method reported invalid facts: total: must be a whole number
    """
    try:
        return kind.model_validate(given).model_dump()
    except ValidationError as error:
        raise ValueError(f"the method reported invalid facts: {describe_faults(error)[:500]}") from None


def is_whole(kind: type[BaseModel], given: dict[str, Any] | None) -> bool:
    """Return whether facts are present and match a model."""
    try:
        return given is not None and bool(kind.model_validate(given))
    except ValidationError:
        return False
