"""The headline metrics of the photos that the headline leaves out or keeps in: the near-grey ones."""

from itertools import combinations

from ..analysis.material import Material
from ..analysis.statistics import intervals
from ..analysis.summary import Summary
from ..blocks import Block, Data, Heading, Prose
from ..tables import MetricFacts
from ..text import counted, decimals_for, number
from .layout import covered, lay_out, unrounded, with_intervals

ORDER = 80  #: Place in the report
NAMED = 4  #: Number of pairs that are named; the rest are counted


def blocks(material: Material) -> list[Block]:
    """Return the section: without near-grey photos, or with them if the headline leaves them out."""
    colored, photos = material.without_near_grey, material.summary.photos
    if colored.photos == 0:
        return []
    if colored.photos == photos:
        return [Prose("None of the photos is known to be near-grey.")]
    shown, which = (material.summary, "with") if material.greyish else (colored, "without")
    ends = material.intervals if material.greyish else intervals(colored)
    names = [*covered(shown), *(metric.name for metric in shown.metrics if metric.headline)]
    caption = f"Results {which} near-grey photos"
    table = lay_out(shown, names, ends, name=f"{which}-near-grey", caption=caption)
    left = material.headline_intervals if material.greyish else ends
    return [
        Heading(f"{which.capitalize()} near-grey photos"),
        Prose(
            f"{photos - colored.photos:,} of the {photos:,} photos have next to no colour of their own. They "
            "say nothing about colorization and favour dull methods; this table "
            f"{'counts them' if material.greyish else 'leaves them out'}."
        ),
        *[Prose(_orders(material.summary, colored, metric)) for metric in material.summary.compared],
        *with_intervals(table),
        Data("summary-without-near-grey", unrounded(colored, left)),
    ]


def _orders(whole: Summary, colored: Summary, metric: MetricFacts) -> str:
    """Say how a metric's order of the contenders depends on the near-grey photos."""
    with_them, without = whole.badness(metric), colored.badness(metric)
    shared = [str(label) for label in with_them.index if label in without.index]
    pairs = list(combinations(shared, 2))
    swapped = [(a, b) for a, b in pairs if (with_them[a] - with_them[b]) * (without[a] - without[b]) < 0]
    if not swapped:
        return f"{metric.label}: the order of the methods is the same with and without them."
    leads = [
        (str(table[shared].idxmin()), summary.scores[metric.name])
        for table, summary in ((with_them, whole), (without, colored))
    ]
    (one, one_scores), (other, other_scores) = leads
    decimals = decimals_for(float(one_scores.abs().max()))
    said = (
        f"{one} leads with them ({number(float(one_scores[one]), decimals)}), {other} without "
        f"({number(float(other_scores[other]), decimals)}); "
        if one != other
        else ""
    )
    return (
        f"{metric.label}: the order depends on them, because a grey answer to a grey photo scores near the "
        f"ceiling. {said}{counted(len(swapped), 'pair')} of "
        f"{len(pairs):,} change places: {_named(swapped)}."
    )


def _named(pairs: list[tuple[str, str]]) -> str:
    shown = ", ".join(f"{a} and {b}" for a, b in pairs[:NAMED])
    return shown if len(pairs) <= NAMED else f"{shown}, …"
