"""Writes ``results/published.md`` from ``results/published.csv`` and the presets: run it.

The CSV file holds figures that papers state. What of a protocol differs is computed, so it cannot go stale.
"""

from __future__ import annotations

from dataclasses import fields
from itertools import groupby
from pathlib import Path

import pandas as pd

from huebench.bench.metrics import get_metric
from huebench.bench.protocol.presets import DEFAULT, OURS, Preset, presets
from huebench.bench.protocol.protocol import Protocol
from huebench.datasets.base import dataset_info

FOLDER = Path(__file__).parent / "results"

INTRODUCTION = """\
# Published figures

Figures that papers and users state, as they state them. We have not measured them. Each table names the set
and the preset of `--protocol` that comes nearest. Figures of two tables cannot be compared, and often not
even those of one: papers take each other's figures, and measure one network differently. A user measured
DDColor-L with CT2's scripts and got a colorfulness of 34.33, where the paper states 38.26.

We had most papers' tables second-hand when we wrote this page. Figures in italics were not compared with the
source: look them up before you cite them.

To measure your own copy of the photos:

<!-- not run: needs ImageNet -->
```console
$ bench run --methods published --dataset imagenet-val5k --data-root path/to/imagenet --protocol ddcolor
```
"""


def render() -> str:
    """Return the page, in Markdown."""
    rows = pd.read_csv(FOLDER / "published.csv", dtype=str).to_dict("records")
    parts = [INTRODUCTION]
    for (preset, photos), group in groupby(rows, lambda row: (row["preset"], row["set"])):
        about = dataset_info(photos).summary
        parts += [f"## {photos}\n", f"{about[0].upper()}{about[1:]}.\n"]
        parts += [f"Dataset `{photos}`, nearest preset `{preset}` ({presets.get(preset).source}).\n"]
        parts += [_table(list(group)), _differences(presets.get(preset))]
    return "\n".join(parts)


def _table(rows: list[dict[str, str]]) -> str:
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    lines = [f"| method | {' | '.join(get_metric(name).label for name in metrics)} | stated by |"]
    lines += [f"|---|{'---:|' * len(metrics)}---|"]
    for (method, source), group in groupby(rows, lambda row: (row["method"], row["source"])):
        values = {row["metric"]: _shown(row) for row in group}
        lines += [f"| {method} | {' | '.join(values.get(name, '') for name in metrics)} | {source} |"]
    return "\n".join(lines) + "\n"


def _shown(row: dict[str, str]) -> str:
    return row["value"] if row["checked"] != "no" else f"*{row['value']}*"


def _differences(preset: Preset) -> str:
    """Return how a preset differs from its source, and from this project's own protocol."""
    ours = presets.get(DEFAULT).protocol
    left_out = ("metrics", "version", "hints")  # hints are given only if asked for
    names = [field.name for field in fields(Protocol) if field.name not in left_out]
    lines = [f"The preset still differs from the source: {preset.differs}.\n"]
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
