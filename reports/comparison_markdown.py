"""A comparison of two runs in Markdown, short enough for the summary of a build."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from .comparison import SIGNIFICANT, Comparison
from .comparison_gate import Breach, Limit
from .content import in_words
from .layout import MISSING, counted, number, p_value, span
from .markdown import block, code, plain_table, text
from .speed import duration
from .statistics import LEVEL

HEADINGS = (
    "method", "metric", "before", "after", "change", f"{LEVEL:.0%} interval", "effect", "photos up", "p", "",
)  # fmt: skip

VERDICTS = ("worse", "better", "other", "untested")
"""Of a value that changed, in the order of the headline."""

PHOTOS_A_BREACH = 3
"""How many photos are named that made a difference."""


def markdown(
    comparison: Comparison,
    limits: Sequence[Limit] = (),
    breaches: Sequence[Breach] = (),
    *,
    everything: bool = False,
) -> str:
    """Return what changed in Markdown.

    Parameters
    ----------
    comparison
        Of two runs.
    limits, breaches
        What was limited, and what was broken.
    everything
        Whether rows that did not change are shown too.
    """
    rows = comparison.changes if everything else comparison.changed
    parts = [f"## Comparison of two runs: {_headline(comparison)}", _what(comparison)]
    if limits or breaches:
        parts += _gate(comparison, limits, breaches)
    if len(rows):
        parts += [plain_table(_rows(comparison, rows), HEADINGS), _reading(comparison)]
    if (comparison.seconds["change"] != 0).any():
        parts += [plain_table(_times(comparison.seconds), ("method", "time a photo", "", "change"))]
        if apart := comparison.same_machine():
            parts += [f"These times say little: the runs differ in {text(', '.join(apart))}."]
    parts += _populations(comparison)
    if comparison.differing:
        parts += [f"The runs also differ in: {text('; '.join(comparison.differing))}."]
    parts += [block(f"{comparison.before.run.command}\n{comparison.after.run.command}")]
    return "\n\n".join(map(str, parts)) + "\n"


def _headline(comparison: Comparison) -> str:
    verdicts = comparison.changes["verdict"].value_counts()
    said = [f"{verdicts[name]:,} {name}" for name in VERDICTS if name in verdicts]
    return f"{', '.join(said)} of {len(comparison.changes):,} values" if said else "no change"


def _what(comparison: Comparison) -> str:
    run = comparison.after.run
    counts = {
        "method": len(comparison.changes.index.unique("method")),
        "metric": len(comparison.metrics),
        "photo": len(comparison.photos),
    }
    return (
        f"{', '.join(counted(count, noun) for noun, count in counts.items())} "
        f"of {code(run.dataset['name'])}, protocol {code(run.protocol_digest)}. "
        f"Before: {code(comparison.before.folder)}; after: {code(comparison.after.folder)}."
    )


def _gate(comparison: Comparison, limits: Sequence[Limit], breaches: Sequence[Breach]) -> list[str]:
    asked = code(",".join(limit.text for limit in limits))
    if not breaches:
        return [f"**Passed** {asked}."]
    table = plain_table([(b.method, code(b.limit), b.found) for b in breaches], ("method", "limit", "found"))
    named = [
        _photos(comparison, breach)
        for breach in breaches
        if breach.metric in comparison.photos.columns.unique(1)
    ]
    return [f"**Failed** {asked}:", str(table), *(["\n".join(named)] if named else [])]


def _photos(comparison: Comparison, breach: Breach) -> str:
    """Name the photos that made the difference."""
    sign = -1 if comparison.metrics[breach.metric].direction == "lower" else 1
    worst = (sign * comparison.photos[breach.method, breach.metric].dropna()).nsmallest(
        PHOTOS_A_BREACH
    ) * sign
    row = comparison.changes.loc[[(breach.method, breach.metric)]].iloc[0]
    decimals = _decimals(row["before"], row["after"])
    photos = ", ".join(f"{code(photo)} {_signed(value, decimals)}" for photo, value in worst.items())
    return f"- {text(breach.method)}, {text(comparison.metrics[breach.metric].label)}, most on {photos}"


def _rows(comparison: Comparison, rows: pd.DataFrame) -> list[tuple[object, ...]]:
    made: list[tuple[object, ...]] = []
    for (label, name), row in zip(rows.index, rows.to_dict("records"), strict=True):
        decimals = _decimals(row["before"], row["after"])
        p = row["p_adjusted"]
        made.append(
            (
                label,
                comparison.metrics[name].label,
                number(row["before"], decimals),
                number(row["after"], decimals),
                _signed(row["difference"], decimals),
                span(row["low"], row["high"], decimals),
                number(row["effect"], 2),
                MISSING if math.isnan(row["positive"]) else f"{row['positive']:.0%}",
                MISSING if math.isnan(p) else p_value(p).removeprefix("p ").removeprefix("= "),
                "" if row["verdict"] in ("same", "other") else row["verdict"],
            )
        )
    return made


def _reading(comparison: Comparison) -> str:
    tested = int(comparison.changes["p_adjusted"].notna().sum())
    kept = int((comparison.changes["p_adjusted"] >= SIGNIFICANT).sum())
    return (
        "Change is the mean over photos of after − before, its interval bootstrapped; effect is Cohen's d of "
        "the differences; photos up is the share whose value rose, ties half; p is of the paired t test, "
        f"adjusted for all {tested:,} values that are means over photos (Benjamini and Yekutieli). {kept:,} "
        f"of these did not change at {SIGNIFICANT:.0%}."
    )


def _times(seconds: pd.DataFrame) -> list[tuple[object, ...]]:
    return [
        (label, duration(row["before"]), duration(row["after"]), f"{row['change']:+.0%}".replace("-", "−"))
        for label, row in zip(seconds.index, seconds.to_dict("records"), strict=True)
    ]


def _populations(comparison: Comparison) -> list[str]:
    said = []
    if comparison.lost:
        lost = [f"{label} ({was:,} → {now:,})" for label, (was, now) in comparison.lost.items()]
        said.append(f"Scored fewer photos than before: {text(in_words(lost))}.")
    if comparison.new:
        said.append(f"Only after: {text(in_words(comparison.new))}.")
    return said


def _signed(value: float, decimals: int) -> str:
    shown = number(value, decimals)
    return f"+{shown}" if value > 0 else shown


def _decimals(before: float, after: float) -> int:
    return 4 if max(abs(before), abs(after)) <= 1 else 2
