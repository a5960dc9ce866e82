"""An appendix: the differences between all pairs of contenders."""

import pandas as pd

from ..analysis.inference import LEVEL
from ..analysis.material import Material
from ..analysis.significance import Significance
from ..blocks import Block, Data, Details, Heading, PlainTable, Prose
from ..text import number, p_value, span

ORDER = 220  #: Place in the report


def blocks(material: Material) -> list[Block]:
    """Return the section; empty with fewer than three contenders, who are all compared above."""
    tests = [by for by in material.significance if len(by.comparisons) > 1]
    if not tests:
        return []
    tables = [Details(by.metric.label, (_table(by, material),)) for by in tests]
    pairs = {by.metric.name: by.comparisons for by in tests}
    return [
        Heading("Appendix: all pairs of methods"),
        Prose(
            "A positive difference favours the first method. p is adjusted for all pairs of a table "
            "(Benjamini and Yekutieli): it finds fewer differences than the tests against the best."
        ),
        *tables,
        Data("comparisons", pd.concat(pairs, names=["metric"])),
    ]


def _table(by: Significance, material: Material) -> PlainTable:
    decimals = material.headline.decimals(by.metric)
    rows = tuple(
        (
            str(row["a"]),
            str(row["b"]),
            number(row["difference"], decimals),
            span(row["low"], row["high"], decimals),
            p_value(row["p_adjusted"]),
        )
        for row in by.comparisons.reset_index().to_dict("records")
    )
    headings = ("method", "compared with", "difference", f"{LEVEL:.0%} interval", "p")
    return PlainTable(headings, rows, f"All pairs by {by.metric.label}")
