"""The first two compared metrics by category of photo."""

import pandas as pd

from ..analysis.material import Material
from ..analysis.summary import count_by_category
from ..blocks import Block, Data, Heading, Prose
from ..charts.categories import heat_map
from .layout import chart, matrix, metric_column, unrounded, with_intervals

ORDER = 120  #: Place in the report

METRICS = 2  #: Number of metrics with their own tables

CATEGORIES_PER_TABLE = 8


def blocks(material: Material) -> list[Block]:
    """Return the section; empty with fewer than two categories."""
    parts, lead = material.categories, material.summary.lead
    if not parts:
        return []
    number = len(count_by_category(material.results))
    largest = f"The {len(parts)} largest of {number:,} categories. " if number > len(parts) else ""
    made: list[Block] = [
        Heading("By category"),
        Prose(f"{largest}The number in brackets is how many photos a category has."),
    ]
    if lead is not None:
        made.append(
            chart(
                "categories",
                f"{lead.label} of every method and category",
                f"{lead.label} by category; the colours span the methods that are not oracles.",
                lambda: heat_map({k: part for k, (part, _) in parts.items()}, material.summary, lead),
            )
        )
    headed = [(f"{category} ({part[0].photos:,})", part) for category, part in parts.items()]
    for metric in material.summary.compared[:METRICS]:
        title = f"{metric_column(metric).title} by category"
        made.append(Heading(title, 3))
        for start in range(0, len(headed), CATEGORIES_PER_TABLE):
            some = dict(headed[start : start + CATEGORIES_PER_TABLE])
            made += with_intervals(matrix(some, metric, name=f"{metric.name}-by-category", caption=title))
    tables = {category: unrounded(*part) for category, part in parts.items()}
    return [*made, Data("categories", pd.concat(tables, names=["category", "method"]))]
