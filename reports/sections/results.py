"""The results on all photos: the headline table, and how to read it."""

from ..analysis.inference import ROUGH
from ..analysis.material import Material
from ..analysis.statistics import effective
from ..analysis.summary import HELPED
from ..blocks import Block, Bullets, Data, Details, Heading, Link, Prose, Strong, Text
from ..text import counted
from .hints import HEADING
from .layout import headline_table, unrounded, with_intervals

ORDER = 20  #: Place in the report

READING: tuple[Text, ...] = (
    (
        "↑ higher is better, ↓ lower is better, → truth: the closer to the truth's own value the better. ",
        Strong("Bold"),
        " is the best of the methods that scored every photo; the rows are not ranked.",
    ),
    (
        Strong("Never rank on PSNR alone."),
        " Where several colours are plausible, their dull average has the smallest squared error, so the ",
        "dullest model often has the best PSNR. Read it together with colorfulness and the rebalanced AuC, ",
        "which gives rare colours more weight.",
    ),
    (
        "Oracles (in italics) see the hidden colour. They show what the protocol, or a low resolution of ",
        "colour, costs by itself, and never compete.",
    ),
)

PACE: Text = (
    "Images/s counts the method's own time, excluding warm-up, on the machine named under ",
    Link("provenance", "Provenance"),
    ".",
)


def blocks(material: Material) -> list[Block]:
    """Return the section."""
    table = headline_table(material, intervals=True)
    return [
        Heading("Results"),
        *_left_out(material),
        *with_intervals(table),
        Details(
            "How to read this table",
            (Bullets((*READING, _coverage(material), PACE, *_more(material))),),
        ),
        Data("summary", unrounded(material.summary, material.intervals)),
    ]


def _more(material: Material) -> list[Text]:
    return [*_helped(material), *_sureness(material), *_pooled(material)]


def _left_out(material: Material) -> list[Block]:
    if not material.greyish:
        return []
    photos = material.summary.photos
    left_out = photos - material.headline.photos
    told = (
        f"This table leaves out {left_out:,} of {photos:,} photos, which have next to no colour of their ",
        "own and favour dull methods. Here are ",
        Link(f"all {photos:,} photos", "With near-grey photos"),
        ".",
    )
    return [Prose(told)]


def _coverage(material: Material) -> Text:
    unit = material.unit
    return (
        f"Coverage is {unit}s scored / {unit}s expected. "
        f"A value over fewer {unit}s cannot be compared with the others."
    )


def _helped(material: Material) -> list[Text]:
    """Say that methods with help do not compete, and where their answers to hints are."""
    families = set(material.summary.groups.values())
    if not families & set(HELPED):
        return []
    told = "Methods that are given some of the true colours are in italics, too, and never compete."
    if material.hints is None:
        return [told]
    link = Link(HEADING, HEADING)
    return [(f"{told} They had no hints here: their answers to hints are in ", link, ".")]


def _sureness(material: Material) -> list[Text]:
    """Say what the intervals concern."""
    if material.seeds > 1:
        seeds = (
            "± is the standard deviation over seeds. Intervals cover other photos and other seeds; for a "
            "method with a single seed, they cover other photos only."
        ) + (" Two seeds say little about others: run three or more." if material.seeds == 2 else "")
    else:
        seeds = "Intervals cover other photos, for this one training; they do not cover other seeds."
    photos, unit = material.headline.photos, material.unit
    rough = f" With {counted(photos, unit)}, fewer than {ROUGH}, they are rough." if photos < ROUGH else ""
    return [seeds.replace("other photos", f"other {unit}s") + rough]


def _pooled(material: Material) -> list[Text]:
    """Say how many pixels and photos the pooled metrics rest on."""
    told: list[Text] = []
    unit = material.unit
    for metric in material.headline.metrics:
        if metric.aggregate == "pooled" and metric.headline and material.headline.rows["scored"].any():
            pixels, photos = effective(material.headline, metric)
            rough = f"; below {ROUGH} {unit}s its intervals are rough" if round(photos) < ROUGH else ""
            equal = f"{pixels:,.0f} pixels, or {counted(round(photos), unit)}, of equal weight"
            told.append(
                f"{metric.label} pools the pixels of {counted(material.headline.photos, unit)} by weight, "
                f"as many as {equal}{rough}."
            )
    return told
