"""What colours go wrong: hues, saturation, edges and casts, and the photos that methods dispute."""

from collections.abc import Mapping
from typing import Any

from ..analysis.material import Material
from ..analysis.mistakes import COLORFUL, EDGE, FLAT, HUES, Mistakes
from ..blocks import Block, Column, Data, Entry, Heading, Prose, Row, Table, Tile
from ..charts.mistakes import roses
from ..charts.picture_rows import picture_rows
from ..text import kept_of, number, span
from .layout import chart, photo_chart, with_intervals

ORDER = 160  #: Place in the report

MOST_METHODS = 6  #: The most methods in the figure of disputed photos

LONGEST_NAME = 24  #: The most characters of a photo's name beside its pictures

COLUMNS = {
    "slope": Column("saturation slope", "", "→ 1", "predicted chroma along the true one; 1 is right, 0 grey"),
    "recall": Column("hues found", "%", "↑", "share of coloured pixels whose hue is found"),
    "bleeding": Column("bleeding", "%", "↓", "neighbours without an edge of colour that get one"),
    "lost_edges": Column("lost edges", "%", "↓", "edges of colour that are lost"),
    "cast": Column("cast", "", "↓", "length of a photo's mean error in ab"),
    "cast_a": Column("mean cast a*", "", "→ 0", "above 0 is towards red, below towards green"),
    "cast_b": Column("mean cast b*", "", "→ 0", "above 0 is towards yellow, below towards blue"),
}
"""Column of `Mistakes.methods` → its heading."""

SCALES = {"recall": 100, "bleeding": 100, "lost_edges": 100}
"""Column of `Mistakes.methods` → the factor by which it is shown; 1 for all others."""

BY_CATEGORY = ("slope", "recall", "bleeding", "lost_edges", "cast")
"""The columns that are shown by category; the data hold all of them."""


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if no pictures were kept."""
    found = material.mistakes
    if found is None:
        return []
    which = kept_of(found.photos, len(material.results.images["photo"].unique())) or "all photos"
    made: list[Block] = [
        Heading("What colours go wrong"),
        Prose(
            f"From the pictures of {which}. A pixel has a hue if its true chroma is at least {COLORFUL:g}; "
            "the hue is found if the prediction has that much chroma, too, and its hue is at most 45° away. "
            "The saturation slope is the predicted chroma along the true one: 1 is right, 0 is grey, and "
            "below 0 is the opposite colour."
        ),
        chart(
            "hues",
            "A rose of hues for every method: recall, and where colours go",
            "The hues of CIELAB: red is right, yellow up, green left, blue down. A petal is as long as the "
            "share of this hue's pixels that is found. A line leads from the truth, on the circle, to the "
            "mean prediction: inwards is duller, and sideways is another hue.",
            lambda: roses(found.hues),
        ),
        *with_intervals(_methods(found, material)),
        Prose(
            f"Bleeding and lost edges compare neighbouring pixels: a difference in ab of {EDGE:g} or more is "
            f"an edge of colour, one of {FLAT:g} or less is none."
        ),
        Heading("Hues found (%)", 3),
        *with_intervals(_hues(found, material, "recall", 100, "Hues found (%), by true hue")),
        Heading("Saturation slope", 3),
        *with_intervals(_hues(found, material, "slope", 1, "Saturation slope, by true hue")),
        Heading("Mean turn of the hue (°)", 3),
        *with_intervals(_hues(found, material, "shift", 1, "Mean turn of the hue (°), by true hue")),
        *_by_category(found, material),
        *_disputed(found, material),
    ]
    data = {
        "hues": found.hues, "mistakes": found.methods, "mistakes-by-category": found.categories,
        "disputed-hues": found.disputed.rename("disagreement").rename_axis("photo").to_frame(),
    }  # fmt: skip
    return [*made, *(Data(name, table) for name, table in data.items() if not table.empty)]


def _methods(found: Mistakes, material: Material) -> Table:
    """Return the values over all hues."""
    methods = found.methods.to_dict("index")
    rows = [
        Row(
            label,
            material.summary.groups[label],
            tuple(_entry(methods[label], name, SCALES.get(name, 1)) for name in COLUMNS),
        )
        for label in map(str, found.methods.index)
    ]
    caption = "Colours that go wrong, all hues together"
    return Table(tuple(COLUMNS.values()), tuple(rows), "mistakes", caption)


def _hues(found: Mistakes, material: Material, name: str, scale: float, caption: str) -> Table:
    """Return a value by true hue."""
    hues = found.hues.to_dict("index")
    columns = tuple(Column(f"{hue} ({100 * found.share[hue]:.0f}%)") for hue in HUES)
    rows = [
        Row(
            label,
            material.summary.groups[label],
            tuple(_entry(hues[label, hue], name, scale) for hue in HUES),
        )
        for label in map(str, found.methods.index)
    ]
    return Table(columns, tuple(rows), f"hue-{name}", f"{caption}; in brackets its share of the true pixels")


def _by_category(found: Mistakes, material: Material) -> list[Block]:
    """Return what goes wrong by category, if there are some."""
    if found.categories.empty:
        return []
    values = found.categories.to_dict("index")
    names = list(dict.fromkeys(found.categories.index.get_level_values("category")))
    made: list[Block] = []
    for column in BY_CATEGORY:
        shown = COLUMNS[column]
        rows = [
            Row(
                label,
                material.summary.groups[label],
                tuple(_entry(values[label, name], column, SCALES.get(column, 1)) for name in names),
            )
            for label in map(str, found.methods.index)
        ]
        unit = f" ({shown.unit})" if shown.unit else ""
        caption = f"{shown.label[0].upper()}{shown.label[1:]}{unit} by category"
        name = f"{column.replace('_', '-')}-by-category"
        made += [
            Heading(caption, 3),
            *with_intervals(Table(tuple(map(Column, names)), tuple(rows), name, caption)),
        ]
    return made


def _disputed(found: Mistakes, material: Material) -> list[Block]:
    """Return the photos on which the methods' hues disagree most."""
    if found.disputed.empty:
        return []
    real = [label for label in map(str, found.methods.index) if not material.summary.rows.oracle[label]]
    shown = list(found.methods.loc[real, "slope"].abs().sort_values(ascending=False).index[:MOST_METHODS])
    paths = found.pictures.to_dict("index")
    rows = [
        [
            Tile(
                _shortened(str(photo)) if label == "truth" else label,
                "",
                label,
                paths[photo][label],
            )
            for label in ("truth", *shown)
        ]
        for photo in found.disputed.index
    ]
    photos = ", ".join(f"{photo} ({value:.2f})" for photo, value in found.disputed.items())
    return [
        Heading("Photos whose hues are disputed most", 3),
        Prose(
            "The disagreement of the methods about a photo's hues, weighted by chroma: 0 if all agree, 1 if "
            f"they cancel. {photos}."
        ),
        photo_chart(
            "disputed-hues",
            "The photos on which the methods' hues disagree most",
            f"The truth and the {len(shown)} most saturated methods.",
            lambda: picture_rows(rows),
        ),
    ]


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"


def _entry(row: Mapping[Any, Any], name: str, scale: float) -> Entry:
    value, low, high = (scale * float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    decimals = 1 if scale == 100 or name == "shift" else 2
    return Entry(number(value, decimals), value, interval=span(low, high, decimals))
