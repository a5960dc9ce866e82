"""Preferences between methods in the human study, and how well metrics foretell them."""

import math

from ..analysis.inference import LEVEL
from ..analysis.material import Material
from ..analysis.preferences import Preferences
from ..analysis.study import ENOUGH
from ..analysis.summary import Summary
from ..blocks import Block, Column, Data, Entry, Heading, PlainTable, Prose, Row, Table
from ..text import counted, number, signed, span

ORDER = 70  #: Place in the report


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if nobody has chosen between methods."""
    found = material.preferences
    if found is None:
        return []
    people, choices = counted(found.participants, "participant"), counted(found.choices, "choice")
    made: list[Block] = [
        Heading("Preferences between methods"),
        Prose(
            f"{people} saw the same photo colorized by two methods and said which looks more real: "
            f"{choices}. The pairs are those about which metrics disagree most, so the choices say more "
            "about metrics than choices about average photos would."
        ),
        scores_table(found, material.summary),
        Prose(
            "Bradley–Terry scores are log-odds: a method with a score of s is preferred to an average one "
            "with probability 1 / (1 + exp(−s)). Each method gets half a win and half a loss in addition. "
            f"Intervals are over participants from {ENOUGH} of them on, and over choices before."
        ),
    ]
    if not found.metrics.empty:
        made += [
            _metrics_table(found, material.summary),
            Prose(
                "Agreement is the share of choices for the method that the metric prefers; 50% is chance. "
                "The correlation is Spearman's, of the metric's difference with the choice; its interval "
                "takes choices as independent."
            ),
            Data("metrics-and-people", found.metrics),
        ]
    return [*made, Data("preferences", found.scores)]


def scores_table(found: Preferences, summary: Summary) -> Table:
    """Return the Bradley–Terry scores; the best is ranked first."""
    columns = (
        Column("score", "", "↑", "log-odds of being preferred to an average method"),
        Column(f"{LEVEL:.0%} interval"),
        Column("preferred to average", "%", "↑"),
        Column("wins"),
        Column("choices"),
    )
    best = found.scores["score"].max()
    rows = []
    for label, row in zip(map(str, found.scores.index), found.scores.to_dict("records"), strict=True):
        score = row["score"]
        entries = (
            Entry(signed(score, 2), score, int(score == best)),
            Entry(span(row["low"], row["high"], 2), row["low"]),
            Entry(f"{100 / (1 + math.exp(-score)):.0f}", score),
            Entry(f"{row['wins']:,}", row["wins"]),
            Entry(f"{row['choices']:,}", row["choices"]),
        )
        rows.append(Row(label, summary.groups[label], entries))
    return Table(columns, tuple(rows), "preferences", "Bradley–Terry scores in the human study")


def _metrics_table(found: Preferences, summary: Summary) -> PlainTable:
    """Return how well each metric agrees with people."""
    labels = {metric.name: metric.label for metric in summary.metrics}
    rows = tuple(
        (
            labels.get(str(name), str(name)),
            f"{100 * row['agreement']:.1f}",
            span(100 * row["low"], 100 * row["high"], 1),
            number(row["correlation"], 2),
            span(row["correlation_low"], row["correlation_high"], 2),
            f"{row['choices']:,.0f}",
        )
        for name, row in zip(found.metrics.index, found.metrics.to_dict("records"), strict=True)
    )
    interval = f"{LEVEL:.0%} interval"
    headings = ("metric", "agreement (%)", interval, "correlation", interval, "choices")
    return PlainTable(headings, rows, "Agreement of every metric with people's choices")
