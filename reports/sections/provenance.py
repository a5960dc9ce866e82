"""The provenance: everything needed to repeat the run."""

from collections.abc import Mapping
from typing import Any

from ..analysis.material import Material
from ..blocks import Block, Data, Details, Heading, Listing, PlainTable
from ..tables import RunFacts
from ..text import in_words

MEANING = {
    "digest": "of all fields below: results with different digests cannot be compared",
    "size": "side in pixels of the square at which photos are colorized and scored",
    "resize": "squash both sides to the size, or crop the middle square first",
    "metrics": "the metrics, in the tables' order",
    "near_grey_threshold": "a photo is near-grey if no |a*| or |b*| of its truth exceeds this",
    "near_grey": "whether near-grey photos are scored",
    "training_sample": "number of training photos that serve as references and as the prior of colours",
    "version": "increased when a rule changes",
    "interpolation": "the filter that resizes",
    "grey": "the grey picture that methods see",
    "merge": "how a prediction is joined with its input",
    "save": "how the result becomes a picture",
    "truth": "the picture with which a prediction is compared",
    "flow": "how the motion between the frames of a clip is found",
    "hints": "how colour hints are drawn, of photos by their ids: fewer are the first ones of more",
    "reference_choice": "how reference photos are chosen",
}
"""Field of the protocol → what it is."""

DATASET = {"trained_on": "scored photos that are also training photos"}
"""Fact of the dataset → its name, where the key does not say it."""


def blocks(material: Material) -> list[Block]:
    """Return the section."""
    run = material.run
    merged: Mapping[str, str] = run.options.get("merged", {})
    options = {key: value for key, value in run.options.items() if key != "merged"}
    parts: dict[str, Mapping[str, Any]] = {
        "Run": {"started": run.started, "seconds": f"{run.seconds:.1f}", **options},
        "Dataset": {DATASET.get(key, key): value for key, value in run.dataset.items() if key != "caveat"},
        "Machine": run.machine,
        "Versions": run.versions,
    }
    details = [Details(title, (_facts(title, facts),)) for title, facts in parts.items()]
    details.insert(2, Details("Protocol", (_protocol(run),)))
    images = material.with_hints.images.drop(columns="cell")
    commands = Listing("\n".join([*merged.values(), run.command]))
    return [Heading("Provenance"), commands, *details, Data("images", images)]


def _protocol(run: RunFacts) -> PlainTable:
    facts = {"digest": run.protocol_digest, **run.protocol}
    rows = tuple(
        (key.replace("_", " "), in_words(value), MEANING.get(key, "")) for key, value in facts.items()
    )
    return PlainTable(("field", "choice", "meaning"), rows, "Protocol")


def _facts(title: str, facts: Mapping[str, Any]) -> PlainTable:
    rows = tuple((key.replace("_", " "), in_words(value)) for key, value in facts.items())
    return PlainTable(("fact", "value"), rows, title)
