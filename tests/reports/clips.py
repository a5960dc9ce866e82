"""Made-up runs of clips."""

from dataclasses import replace

import numpy as np
import pandas as pd

from huebench.reports.tables import MetricFacts, Results

TEMPORAL = tuple(
    MetricFacts(
        name, label, "", "lower", f"what {name} is", "a test", "mean", columns, headline=headline,
        compared=name == "flicker", of_clips=True,
    )
    for name, label, columns, headline in (
        ("cdc", "CDC", ("cdc", "cdc_truth"), True),
        ("flicker", "flicker", ("flicker",), True),
        ("cdc_1", "CDC, gap 1", ("cdc_1", "cdc_1_truth"), False),
        ("cdc_2", "CDC, gap 2", ("cdc_2", "cdc_2_truth"), False),
    )
)  # fmt: skip


def with_clips(results: Results, lengths: tuple[int, ...]) -> Results:
    """Return a made-up run whose photos are frames of clips of these lengths, with metrics of clips."""
    names = np.repeat([f"clip{i}" for i in range(len(lengths))], lengths)
    frames = np.concatenate([np.arange(length) for length in lengths])
    last = np.append(names[1:] != names[:-1], [True])
    rng = np.random.default_rng(0)
    parts = []
    for _, own in results.images.groupby("cell", sort=False):
        values = {"clip": names, "frame": frames}
        for column in ("cdc", "cdc_truth", "flicker", "cdc_1", "cdc_1_truth", "cdc_2", "cdc_2_truth"):
            values[column] = pd.array(np.where(last, rng.uniform(0, 1, len(names)), np.nan), "Float64")
        parts.append(own.reset_index(drop=True).assign(**values))
    images = pd.concat(parts, ignore_index=True).astype({"clip": "string", "frame": "Int64"})
    for column in ("cdc", "cdc_truth", "flicker", "cdc_1", "cdc_1_truth", "cdc_2", "cdc_2_truth"):
        images[column] = images[column].mask(images[column].isna())
    run = replace(results.run, metrics=(*results.run.metrics, *TEMPORAL))
    return replace(results, run=run, images=images)
