"""Writes ``results/published.md`` from ``results/published.csv`` and the presets: run it.

The CSV file holds figures that papers state, and where each was read. How a protocol differs is computed, so
it cannot go stale.
"""

from __future__ import annotations

from dataclasses import fields
from itertools import groupby
from pathlib import Path

import pandas as pd

from huebench.bench.metrics import get_metric
from huebench.bench.protocol.presets import DEFAULT, OURS, Preset, presets
from huebench.bench.protocol.protocol import Protocol
from huebench.datasets.spec import dataset_info

FOLDER = Path(__file__).parent / "results"

NO_PRESET = "none"
"""In the column ``preset``: no preset follows the protocol."""

UNCHECKED = "no"
"""In the column ``checked``: the figure was found nowhere. Otherwise the column says where it was read."""

SETS = {
    "imagenet-val50k": "all 50,000 validation photos of ImageNet",
    "ade20k": "the 2,000 validation photos of ADE20K",
    "imagenet-fid5k": "5,000 validation photos of ImageNet, compared with 5,000 others of them, as ColTran's "
    "authors do: the FID of the ground truth is therefore not 0",
    "imagenet-5-per-class": "5,000 validation photos of ImageNet, five of each class, drawn at random",
    "imagenet-2000": "2,000 validation photos of ImageNet; the source does not say which",
    "imagenet-val": "validation photos of ImageNet; the source does not say how many",
    "videvo-validation": "the validation clips of Videvo, as the source calls them",
    "ntire2023-validation": "the validation clips of the NTIRE 2023 video colorization challenge",
    "ntire2023-track1": "clips of track 1 of the same challenge; the source does not say which",
}
"""Sets that the package does not offer, and what they are."""

INTRODUCTION = """\
# Published figures

Figures that papers and users state, as they state them. We have not measured them. Each table names the set
and the preset of `--protocol` that comes nearest. Figures of two tables cannot be compared, and often not
even those of one: papers take each other's figures, and measure one network differently. A user measured
DDColor-L with CT2's scripts and got a colorfulness of 34.33, where the paper states 38.26. CT2 itself has a
ΔCF of 0.27 in one paper and of 2.17 in another.

The last column says where we read the figures: in the paper (its text, as others converted it from the PDF),
in the source itself, or on a page that quotes the paper (`published.csv` has the path of the file). We found
the figures in italics in none of these: look them up before you cite them.

To measure your own copy of the photos:

<!-- not run: needs ImageNet -->
```console
$ bench run --methods published --dataset imagenet-val5k --data-root path/to/imagenet --protocol ddcolor
```
"""


def render() -> str:
    """Return the page, in Markdown."""
    rows = pd.read_csv(FOLDER / "published.csv", dtype=str).to_dict("records")
    with_preset = {row["set"] for row in rows if row["preset"] != NO_PRESET}
    parts = [INTRODUCTION]
    for preset, of_preset in groupby(rows, lambda row: row["preset"]):
        for photos, group in groupby(of_preset, lambda row: row["set"]):
            other = preset == NO_PRESET and photos in with_preset
            about = SETS.get(photos) or dataset_info(photos).summary
            parts += [f"## {photos}{', other protocols' if other else ''}\n"]
            parts += [f"{about[0].upper()}{about[1:]}.\n", _nearest(preset, photos), _table(list(group))]
        if preset != NO_PRESET:
            parts.append(_differences(presets.get(preset)))
    return "\n".join(parts)


def _nearest(preset: str, photos: str) -> str:
    """Return the sentence that names the dataset and the preset for a set."""
    if preset == NO_PRESET:
        return "No preset follows the protocol of these figures.\n"
    dataset = "not offered by this package" if photos in SETS else f"`{photos}`"
    return f"Dataset: {dataset}. Nearest preset: `{preset}` ({presets.get(preset).source}).\n"


def _table(rows: list[dict[str, str]]) -> str:
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    lines = [f"| method | {' | '.join(get_metric(name).label for name in metrics)} | stated by | read in |"]
    lines += [f"|---|{'---:|' * len(metrics)}---|---|"]
    for (method, source), group in groupby(rows, lambda row: (row["method"], row["source"])):
        found = {row["metric"]: row for row in group}
        values = (_shown(found[name]) if name in found else "" for name in metrics)
        places = dict.fromkeys(row["checked"] for row in found.values() if row["checked"] != UNCHECKED)
        cells = (method, *values, _linked(source), "; ".join(map(_linked, places)))
        lines += [f"| {' | '.join(cells)} |"]
    return "\n".join(lines) + "\n"


def _shown(row: dict[str, str]) -> str:
    return row["value"] if row["checked"] != UNCHECKED else f"*{row['value']}*"


def _linked(place: str) -> str:
    """Return a short link for an address, less the file's path; anything else as it is."""
    address = place.partition(", ")[0]
    host = "github.com/"
    return f"[{address.removeprefix(host)}](https://{address})" if place.startswith(host) else place


def _differences(preset: Preset) -> str:
    """Return how a preset differs from its source, and from this project's own protocol."""
    ours = presets.get(DEFAULT).protocol
    left_out = ("metrics", "version", "hints")  # hints are given only if asked for
    names = [field.name for field in fields(Protocol) if field.name not in left_out]
    lines = [f"Preset `{preset.name}` still differs from the source: {preset.differs}.\n"]
    unstated = [f"`{name}`" for name in names if preset.reason(name) == OURS]
    lines += [f"The source does not state these fields, so ours are used: {', '.join(unstated)}.\n"]
    lines += [f"| field | `{preset.name}` | `{DEFAULT}` |", "|---|---|---|"]
    for name in names:
        theirs, default = getattr(preset.protocol, name), getattr(ours, name)
        if theirs != default:
            lines += [f"| {name} | {theirs} | {default} |"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (FOLDER / "published.md").write_text(render(), encoding="utf-8")
