"""The card that makes a folder with a run's tables a data set of Hugging Face, as it is."""

from __future__ import annotations

from pathlib import Path

from .. import UserError
from ..files import write_text
from .formats.markdown import code, inline
from .tables import Results
from .text import counted, printable

FILE = "README.md"

CONTENT = {
    "images": "one row per method, seed and photo, with every metric of a photo",
    "cells": "one row per method and seed: parameters, time, memory, size on disk, digests",
    "curves": "one row per epoch of every training",
    "accuracy_curves": "one row per method, metric and threshold",
}
"""Table → what it holds; the first is the one that is shown."""

WRITTEN = "<!-- written by bench report -->"
"""A mark of our own cards; another file is never overwritten."""


def check_place(folder: Path) -> None:
    """Raise `UserError` if a folder has a ``README.md`` that is not a card of ours."""
    path = folder / FILE
    if path.exists() and WRITTEN not in path.read_text(encoding="utf-8", errors="replace"):
        raise UserError(f"'{path}' is not a card of ours: move it, or choose another --out")


def write_card(results: Results, folder: Path) -> Path:
    """Write ``README.md``, whose YAML header names the tables, beside a run's tables; return its path.

    Raises `UserError` as `check_place` does.
    """
    check_place(folder)
    path = folder / FILE
    write_text(path, dataset_card(results))
    return path


def dataset_card(results: Results) -> str:
    """Return the card of a run: a YAML header for Hugging Face, and a text for people."""
    from huggingface_hub import DatasetCardData

    run = results.run
    name = f"huebench results on {run.dataset['name']}"
    data = DatasetCardData(
        license="other",
        license_name="see-the-text",
        pretty_name=printable(name),
        tags=["image-colorization", "benchmark", "huebench"],
        configs=[
            {
                "config_name": table,
                "data_files": f"{table}.parquet",
                **({"default": True} if not place else {}),
            }
            for place, table in enumerate(CONTENT)
        ],
    )
    methods = counted(results.cells["method"].nunique(), "method")
    photos = counted(results.images["photo"].nunique(), "photo")
    rows = "\n".join(f"| `{table}.parquet` | {what} |" for table, what in CONTENT.items())
    text = f"""# {inline(name)}

{WRITTEN}

The results of {methods} on {photos}, by the protocol {code(run.protocol_digest)}. [The report](report.md)
shows them. The tables hold figures and no photos; the photos have a licence of their own:
{inline(str(run.dataset.get("licence") or "not stated"))}.

| file | content |
|---|---|
{rows}
| `run.json` | the command, the protocol, the metrics with their sources, versions, machine |

```python
import pandas as pd

images = pd.read_parquet("images.parquet")
images.groupby("method").mean(numeric_only=True)
```

The command was:

```console
$ {run.command.replace(chr(10), " ")}
```
"""
    return printable(f"---\n{data.to_yaml()}\n---\n\n{text}")
