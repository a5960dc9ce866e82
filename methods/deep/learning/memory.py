"""Running out of memory, as an error that says what would fit."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .... import UserError


class OutOfMemoryError(UserError):
    """The memory of a device is too small; the message says what would fit."""


def ran_out(error: Exception) -> bool:
    """Return whether an exception says that memory ran out, on a GPU or on the CPU."""
    # torch's allocator on the CPU has no exception of its own.
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and "allocate memory" in str(error)
    )


def largest_fitting(size: int, step: int, fits: Callable[[int], bool]) -> int | None:
    """Return the largest multiple of ``step`` below ``size`` for which ``fits``, by bisection.

    Examples
    --------
    >>> largest_fitting(256, 8, lambda side: side <= 100)
    96
    >>> largest_fitting(256, 8, lambda side: False) is None
    True
    """
    low, high = 0, -(-size // step)  # in steps: `low` fits, `high` does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle * step) else (low, middle)
    return low * step or None
