"""The lead: methods, photos and protocol in two sentences, and the caveats."""

from ..analysis.inference import ROUGH
from ..analysis.material import Material
from ..blocks import Block, Caveat, Code, Link, Prose, Span, Strong
from ..text import counted, in_words
from .failures import failed_cells

ORDER = 10  #: Place in the report


def blocks(material: Material) -> list[Block]:
    """Return the section."""
    run, rows, unit = material.run, material.summary.rows, material.unit
    seeds = f"{material.seeds} seeds, " if material.seeds > 1 else ""
    split = run.options["split"]
    which: list[Span] = [f"every {unit}"] if split == "all" else ["the ", Strong(split), " split"]
    told: list[Span] = [
        f"{counted(len(rows), 'method')} colorized ",
        *which,
        " of ",
        Code(run.dataset["name"]),
        f" from lightness alone: {counted(material.summary.photos, unit)}, {seeds}training budget ",
        Code(run.options["budget"]),
        f". {rows['scored'].sum():,} of {rows['expected'].sum():,} expected predictions were scored",
    ]
    cells = material.with_hints.cells
    if failed := len(failed_cells(cells)):
        failures = Strong(f"{failed} of {len(cells)} runs of a method failed")
        told += ["; ", failures, " (", Link("failures", "Failures"), ")"]
    protocol = "; ".join(
        f"{key.replace('_', ' ')} {in_words(value)}"
        for key, value in run.protocol.items()
        if key not in ("metrics", "version")  # shown elsewhere in the report
    )
    made: list[Block] = [
        Prose((*told, ".")),
        Prose(
            ("Protocol ", *_named(run.options.get("protocol")), Code(run.protocol_digest), f": {protocol}.")
        ),
    ]
    if 0 < (photos := material.headline.photos) < ROUGH:
        few = f" With {counted(photos, unit)}, chance decides much of the ranking."
        made.append(Caveat((Strong(f"Few {unit}s."), few)))
    scored = int(material.results.images["photo"].nunique())
    if trained_on := run.dataset.get("trained_on", 0):
        found = f" {_trained_on(trained_on, scored)}"
        made.append(Caveat((Strong("Trained on scored photos."), found)))
    for method, photos in run.dataset.get("shipped weights trained on", {}).items():
        found = f" {_shipped(photos, scored)}"
        made.append(Caveat((Strong("Trained on scored photos."), " ", Code(method), found)))
    if run.dataset["caveat"]:
        made.append(Caveat((Strong("Read this first."), f" {run.dataset['caveat']}")))
    return made


def _named(name: str | None) -> tuple[Span, ...]:
    """Return the protocol's name, which runs of earlier versions do not state."""
    return (Strong(name), " ") if name else ()


def _trained_on(photos: int, scored: int) -> str:
    verb = "is" if photos == 1 else "are"
    return (
        f"{photos:,} of the {scored:,} scored photos {verb} also in the training split, by name or content: "
        "trained methods have seen their colours, so their numbers say little about new photos."
    )


def _shipped(photos: int, scored: int) -> str:
    return (
        f"ships with weights that were trained on {photos:,} of the {scored:,} scored photos: its numbers "
        "say little about new photos."
    )
