"""Formats numbers and facts as text for all reports."""

import math
import re
import textwrap
from collections.abc import Mapping
from typing import Any

from ..wording import counted as counted  # noqa: PLC0414  # offered here too

MISSING = "–"  #: Shown for unknown values

NO_BREAK = "\N{NO-BREAK SPACE}"

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters except tab and line feed, bidirectional controls, and lone surrogates."""


def printable(text: str) -> str:
    r"""Return a text with its control characters escaped.

    Unescaped, they would control a terminal or reorder the shown text.

    >>> printable("\x1b[2J a\u202eb")
    '\\x1b[2J a\\u202eb'
    """
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)


def spreadsheet_safe(value: Any) -> Any:
    """Return a value for CSV; text that a spreadsheet would run as a formula gets an apostrophe.

    >>> spreadsheet_safe("=1+1"), spreadsheet_safe("gray"), spreadsheet_safe(-1.5)
    ("'=1+1", 'gray', -1.5)
    """
    runs = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if runs else value


def number(value: float, decimals: int) -> str:
    """Format a value; a missing one is a dash, an infinite one ``∞``.

    >>> number(22.6449, 2), number(float("inf"), 2), number(float("nan"), 2), number(-0.001, 2)
    ('22.64', '∞', '–', '0.00')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:z,.{decimals}f}".replace("-", "−")


def signed(value: float, decimals: int) -> str:
    """Format a change, always with its sign.

    >>> signed(0.25, 2), signed(-1.0, 1), signed(0.0, 1)
    ('+0.25', '−1.0', '0.0')
    """
    return f"+{number(value, decimals)}" if value > 0 else number(value, decimals)


def signed_percent(share: float) -> str:
    """Format a relative change.

    >>> signed_percent(0.1), signed_percent(-0.25)
    ('+10%', '−25%')
    """
    return f"{share:+.0%}".replace("-", "−")


def change_decimals(before: float, after: float) -> int:
    """Return the number of decimals to show for a change between two values.

    >>> change_decimals(0.98, 0.97), change_decimals(22.1, 22.4)
    (4, 2)
    """
    return 4 if max(abs(before), abs(after)) <= 1 else 2


def decimals_for(largest: float) -> int:
    """Return the number of decimals to show for a metric whose largest value is this.

    >>> decimals_for(0.98), decimals_for(1.0000001), decimals_for(24.1), decimals_for(0.0021)
    (3, 3, 2, 5)
    """
    if 0 < largest < 0.1:
        return 2 - math.floor(math.log10(largest))
    return 3 if round(largest, 3) <= 1 else 2


def span(low: float, high: float, decimals: int) -> str:
    """Format an interval on one line; a missing one is a dash.

    >>> span(0.8791, 0.8964, 3).replace(NO_BREAK, " "), span(float("nan"), float("nan"), 3)
    ('0.879 … 0.896', '–')
    """
    if math.isnan(low) or math.isnan(high):
        return MISSING
    return f"{number(low, decimals)}{NO_BREAK}…{NO_BREAK}{number(high, decimals)}"


def number_or_dash(count: int | None) -> str:
    """Return a count; an unknown one is a dash.

    >>> number_or_dash(6219410), number_or_dash(None)
    ('6,219,410', '–')
    """
    return MISSING if count is None else f"{count:,}"


def p_value(p: float) -> str:
    """Format a p-value for a table.

    >>> p_value(0.0312), p_value(1e-9).replace(NO_BREAK, " "), p_value(float("nan"))
    ('0.031', '< 0.001', '–')
    """
    return f"<{NO_BREAK}0.001" if p < 0.001 else number(p, 3)


def label_lines(label: str, width: int, lines: int = 3) -> list[str]:
    """Return a method's label on lines of ``width`` characters, broken before its parameters where it can be.

    >>> label_lines("encoder-decoder[size=64,epochs=8]", 20)
    ['encoder-decoder', '[size=64,epochs=8]']
    """
    gaps = re.sub(r"(?=\[)|(?<=,)(?! )", "\0 ", label)
    wrapped = textwrap.wrap(gaps, width, max_lines=lines, placeholder="…")
    return [line.replace("\0 ", "").replace("\0", "") for line in wrapped]


def duration(seconds: float) -> str:
    """Return a time with three digits and its unit.

    >>> duration(0.01234), duration(2e-9)
    ('12.3 ms', '2 ns')
    """
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def kept_of(kept: int, photos: int) -> str:
    """Describe how many photos have kept pictures; empty if all have."""
    return f"the {kept:,} of {photos:,} photos whose pictures were kept" if kept < photos else ""


def in_words(value: Any) -> str:
    """Return a fact of ``run.json`` as readable text.

    >>> in_words({"train": 3780, "test": 119}), in_words(["psnr", "ssim"]), in_words(None)
    ('train 3,780, test 119', 'psnr, ssim', 'none')
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {in_words(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(in_words(item) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
