"""The comparison of two runs, short enough for a CI summary."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..analysis.comparison import Comparison
from ..analysis.gate import Breach, Limit
from ..analysis.inference import LEVEL, SIGNIFICANT
from ..blocks import Block, Bullets, Code, Heading, Listing, PlainTable, Prose, Span, Strong, Text
from ..text import (
    MISSING,
    change_decimals,
    counted,
    duration,
    in_words,
    number,
    p_value,
    signed,
    signed_percent,
    span,
)

HEADINGS = (
    "method", "metric", "before", "after", "change", f"{LEVEL:.0%} interval", "effect", "photos up", "p", "",
)  # fmt: skip

VERDICTS = ("worse", "better", "other", "untested")
"""Verdicts on changed values, in the order of the headline."""

PHOTOS_PER_BREACH = 3  #: Number of photos named for a broken limit


def blocks(
    comparison: Comparison, limits: Sequence[Limit] = (), breaches: Sequence[Breach] = (), *, everything: bool
) -> list[Block]:
    """Return what changed (with ``everything`` also what did not) and which limits were broken."""
    rows = comparison.changes if everything else comparison.changed
    headline = f"Comparison of two runs: {_headline(comparison, breaches)}"
    made: list[Block] = [Heading(headline), _what(comparison)]
    if limits or breaches:
        made += _gate(comparison, limits, breaches)
    if len(rows):
        changes = PlainTable(HEADINGS, tuple(_row(comparison, *row) for row in rows.iterrows()), "Changes")
        made += [changes, _reading(comparison)]
    if (comparison.seconds["change"] != 0).any():
        made.append(_times(comparison.seconds))
        if apart := comparison.same_machine():
            made.append(Prose(f"These times are hard to compare: the runs differ in {', '.join(apart)}."))
    if comparison.lost:
        lost = [f"{label} ({was:,} → {now:,})" for label, (was, now) in comparison.lost.items()]
        made.append(Prose(f"Scored fewer photos than before: {in_words(lost)}."))
    if comparison.new:
        made.append(Prose(f"Only after: {in_words(comparison.new)}."))
    if comparison.code_changed:
        made.append(Prose(f"Methods whose code changed: {in_words(comparison.code_changed)}."))
    if comparison.differing:
        made.append(Prose(f"The runs also differ in: {'; '.join(comparison.differing)}."))
    return [*made, Listing(f"{comparison.before.run.command}\n{comparison.after.run.command}")]


def _headline(comparison: Comparison, breaches: Sequence[Breach]) -> str:
    verdicts = comparison.changes["verdict"].value_counts()
    said = [f"{verdicts[name]:,} {name}" for name in VERDICTS if name in verdicts]
    parts = [f"{', '.join(said)} of {len(comparison.changes):,} values"] if said else []
    if breaches:
        parts.append(f"{counted(len(breaches), 'limit')} broken")
    return "; ".join(parts) or "no change"


def _what(comparison: Comparison) -> Prose:
    run = comparison.after.run
    counts = {
        "method": len(comparison.changes.index.unique("method")),
        "metric": len(comparison.metrics),
        "photo": len(comparison.photos),
    }
    many = ", ".join(counted(count, noun) for noun, count in counts.items())
    return Prose(
        (
            f"{many} of ", Code(run.dataset["name"]), ", protocol ", Code(run.protocol_digest), ". Before: ",
            Code(str(comparison.before.folder)), "; after: ", Code(str(comparison.after.folder)), ".",
        )
    )  # fmt: skip


def _gate(comparison: Comparison, limits: Sequence[Limit], breaches: Sequence[Breach]) -> list[Block]:
    given = Code(",".join(limit.text for limit in limits))
    if not breaches:
        return [Prose((Strong("Passed"), " ", given, "."))]
    rows = tuple((breach.method, Code(breach.limit), breach.found) for breach in breaches)
    table = PlainTable(("method", "limit", "found"), rows, "Broken limits")
    by_photo = comparison.photos.notna().any()
    named = tuple(
        _photos(comparison, breach)
        for breach in breaches
        if by_photo.get((breach.method, breach.metric), default=False)
    )
    return [Prose((Strong("Failed"), " ", given, ":")), table, *([Bullets(named)] if named else [])]


def _photos(comparison: Comparison, breach: Breach) -> Text:
    """Name the photos with the largest effect."""
    sign = -1 if comparison.metrics[breach.metric].direction == "lower" else 1
    changes = sign * comparison.photos[breach.method, breach.metric].dropna()
    row = comparison.changes.loc[[(breach.method, breach.metric)]].iloc[0]
    decimals = change_decimals(row["before"], row["after"])
    told: list[Span] = [f"{breach.method}, {comparison.metrics[breach.metric].label}, most on "]
    for place, (photo, value) in enumerate(changes.nsmallest(PHOTOS_PER_BREACH).items()):
        told += [", " if place else "", Code(str(photo)), f" {signed(sign * value, decimals)}"]
    return tuple(told)


def _row(comparison: Comparison, index: object, row: pd.Series[float]) -> tuple[str, ...]:
    label, name = index if isinstance(index, tuple) else ("", "")
    decimals, verdict = change_decimals(row["before"], row["after"]), str(row["verdict"])
    return (
        str(label),
        comparison.metrics[str(name)].label,
        number(row["before"], decimals),
        number(row["after"], decimals),
        signed(row["difference"], decimals),
        span(row["low"], row["high"], decimals),
        number(row["effect"], 2),
        MISSING if pd.isna(row["positive"]) else f"{row['positive']:.0%}",
        p_value(row["p_adjusted"]),
        "" if verdict in ("same", "other") else verdict,
    )


def _reading(comparison: Comparison) -> Prose:
    tested = int(comparison.changes["p_adjusted"].notna().sum())
    kept = int((comparison.changes["p_adjusted"] >= SIGNIFICANT).sum())
    return Prose(
        "Change is after − before over the same photos, with Student's interval (for pooled metrics the "
        "bootstrap's, if that is wider); several seeds of a method add the variance between them. Effect is "
        "Cohen's d of the differences; photos up is the share of photos whose value rose, ties half; p is of "
        f"the paired test, adjusted for all {tested:,} values of photos (Benjamini and Yekutieli). "
        f"{kept:,} of these did not change significantly at {SIGNIFICANT:.0%}."
    )


def _times(seconds: pd.DataFrame) -> PlainTable:
    rows = tuple(
        (str(label), duration(row["before"]), duration(row["after"]), signed_percent(row["change"]))
        for label, row in zip(seconds.index, seconds.to_dict("records"), strict=True)
    )
    return PlainTable(("method", "time per photo before", "after", "change"), rows, "Time per photo")
