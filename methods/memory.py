"""Out-of-memory errors that tell what would fit."""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from .. import UserError

MESSAGES = ("out of memory", "allocate memory", "not enough memory", "ALLOC_FAILED", "ALLOCATION_FAILED")
"""Messages of errors without their own type: from CUDA, torch on the CPU, onnxruntime, cuBLAS and
cuDNN."""


class OutOfMemoryError(UserError):
    """The memory of a device is too small; the message says what would fit."""


def is_out_of_memory(error: Exception) -> bool:
    """Return whether memory ran out, on a GPU or on the CPU."""
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"  # torch's
    return named or any(message in str(error) for message in MESSAGES)


def runs_out_of_memory(work: Callable[[], object]) -> bool:
    """Do the work, and return whether memory ran out.

    The exception ends here, because its traceback would keep the tensors that filled the memory.
    """
    try:
        work()
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            return True
        raise
    return False


def largest_fitting(choices: Sequence[int], fits: Callable[[int], bool]) -> int | None:
    """Return the largest of ascending ``choices`` that ``fits``, by bisection; ``None`` if none does.

    >>> largest_fitting(range(8, 256, 8), lambda side: side <= 100)
    96
    >>> largest_fitting(range(8, 256, 8), lambda side: False) is None
    True
    """
    fitting = bisect_left(choices, True, key=lambda choice: not fits(choice))
    return choices[fitting - 1] if fitting else None
