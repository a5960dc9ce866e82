"""Clips: how steady colours are, over clips and per clip, and pictures of one clip over time."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from ..analysis.films import KeptClip
from ..analysis.material import Material
from ..analysis.statistics import per_photo
from ..analysis.units import FEW_CLIPS
from ..blocks import (
    Block,
    Bullets,
    Caveat,
    Column,
    Data,
    Entry,
    Figure,
    Heading,
    Prose,
    Row,
    Strong,
    Table,
)
from ..charts import films as charts
from ..charts import side_by_side
from ..charts.style import encode
from ..tables import MetricFacts
from ..text import counted, decimals_for, number
from .layout import chart, lay_out, metric_column, with_intervals

ORDER = 110  #: Place in the report

CLIPS_A_TABLE = 8

NAMED = 5  #: Clips without a value that are named; the rest are counted

MOST_CLIPS = 24
"""Number of clips in the tables per clip; the CSV has all."""

READING = (
    (
        Strong("A grey clip never flickers."),
        " Plain CDC, the warp error and flicker are low for pale colours, and lowest for grey: read them ",
        "beside the truth's own values, AuC and colorfulness. Where little but the camera moves, even the ",
        "CDC gap of grey is small.",
    ),
    (
        "The truth's own warp error comes from errors of the estimated motion, and from things that move by ",
        "themselves. A method that is steadier than the truth cannot be right.",
    ),
    ("Exemplar methods see the true colour of some frames. They never compete with the others.",),
)


def blocks(material: Material) -> list[Block]:
    """Return the section; empty for a run of photos."""
    summary = material.summary
    metrics = [metric for metric in summary.metrics if metric.of_clips]
    if summary.unit != "clip" or not metrics:
        return []
    frames = int(material.results.images["photo"].nunique())
    names = [metric.name for metric in metrics if metric.headline]
    caption = f"Steadiness of colours over {counted(summary.photos, 'clip')}"
    table = lay_out(summary, names, material.intervals, name="clips", caption=caption)
    return [
        Heading("Clips"),
        *_few(summary.photos),
        Prose(
            f"{counted(summary.photos, 'clip')}, {counted(frames, 'frame')}. Every value is a mean over "
            "clips of the clips' own values, which are means over frames: a clip counts once, however long "
            "it is, and is the unit of every interval and test in this report."
        ),
        *with_intervals(table),
        *_unknown(summary.images, metrics),
        Bullets(READING),
        *_per_clip(material, [metric for metric in metrics if metric.compared]),
        *_by_gap(material),
        *(_pictures(material, material.clips[0]) if material.clips else ()),
        *_others_in_motion(material.clips[1:]),
    ]


def _few(clips: int) -> list[Block]:
    if clips >= FEW_CLIPS:
        return []
    told = f" {counted(clips, 'clip')}, fewer than {FEW_CLIPS}: no interval or test here can be trusted."
    return [Caveat((Strong("Few clips."), told))]


def _unknown(clips: pd.DataFrame, metrics: list[MetricFacts]) -> list[Block]:
    """Return which metrics have no mean, because they are unknown for some clips, one line per such clips."""
    clips = clips[clips["status"] == "ok"]
    lacking: dict[tuple[str, ...], list[str]] = {}
    for metric in metrics:
        known = clips.reindex(columns=list(metric.columns)).notna().all(axis=1)
        if missing := tuple(sorted(set(clips["photo"][~known].astype(str)))):
            lacking.setdefault(missing, []).append(metric.label)
    total = clips["photo"].nunique()
    return [
        Prose(
            f"Unknown for {len(missing)} of {counted(total, 'clip')}: {', '.join(labels)}. There is no mean, "
            f"because one over other clips could not be compared. Leave out {_named(missing)}: CDC needs "
            "clips of five frames or more, the other metrics two or more."
        )
        for missing, labels in lacking.items()
        if len(missing) < total
    ]


def _named(clips: tuple[str, ...]) -> str:
    more = len(clips) - NAMED
    return ", ".join(clips[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _per_clip(material: Material, metrics: list[MetricFacts]) -> list[Block]:
    made: list[Block] = []
    for metric in metrics:
        values = per_photo(material.summary.images, metric)
        if values is None:
            continue
        title = f"{metric_column(metric).title} per clip"
        made.append(Heading(title, 3))
        shown = list(values.index[:MOST_CLIPS])
        for start in range(0, len(shown), CLIPS_A_TABLE):
            some = values.loc[shown[start : start + CLIPS_A_TABLE]]
            made.append(_table(material, some, f"{metric.name}-per-clip", title))
        if len(values) > len(shown):
            made.append(Prose(f"These are {len(shown)} of {len(values):,} clips; the CSV report has all."))
        made.append(Data(f"{metric.name}-per-clip", values.rename_axis("clip")))
    return made


def _table(material: Material, values: pd.DataFrame, name: str, caption: str) -> Table:
    typical = np.nanmedian(np.abs(values.to_numpy(float)))
    decimals = decimals_for(float(typical) if typical > 0 else 1.0)
    rows = []
    for label, group in material.summary.groups.items():
        own = values[label] if label in values else pd.Series(float("nan"), values.index)
        entries = (Entry(number(float(v), decimals), float(v)) for v in own)
        rows.append(Row(label, group, tuple(entries)))
    return Table(tuple(Column(str(clip)) for clip in values.index), tuple(rows), name, caption)


def _by_gap(material: Material) -> list[Block]:
    """Return the chart of CDC by gap, of the metrics ``cdc_1``, ``cdc_2`` and so on."""
    summary = material.summary
    gaps = {
        int(m.name[4:]): m.name for m in summary.metrics if m.name.startswith("cdc_") and m.name[4:].isdigit()
    }
    if not gaps:
        return []
    columns = {"truth": [float(summary.truth[name]) for name in gaps.values()]}
    columns |= {
        label: [float(summary.scores[name][label]) for name in gaps.values()] for label in _rivals(material)
    }
    values = pd.DataFrame(columns, index=list(gaps)).dropna(axis="columns", how="all")
    if values.empty:
        return []
    return [
        chart(
            "cdc-by-gap",
            "CDC by the number of frames between the two compared, of the truth and of every method",
            "CDC by gap. A method above the truth at a gap of 1 flickers; one that is above it only at "
            "larger gaps drifts; one below it is too pale, or too smooth. Oracles are not shown.",
            lambda: charts.cdc_by_gap(values),
        )
    ]


def _rivals(material: Material) -> list[str]:
    """Return the labels of the methods that are not oracles, which would stretch the axes."""
    return [label for label, group in material.summary.groups.items() if group != "oracle"]


def _pictures(material: Material, clip: KeptClip) -> list[Block]:
    shown = [label for label in clip.drift if label == "truth" or label in _rivals(material)]
    return [
        Heading(f"A clip over time: {clip.clip}", 3),
        Figure(
            "clip-strips",
            f"Frames of the clip {clip.clip}: the input, the truth and every method",
            "The kept clip with the most colour: a few of its frames.",
            lambda: encode(charts.strips(clip), "jpg"),
            kind="jpg",
        ),
        *_in_motion(clip),
        Figure(
            "clip-slices",
            f"The middle column of pixels of the clip {clip.clip} over time, of every method",
            "x–t slices: the middle column of pixels, frame after frame from left to right. Flicker shows as "
            "stripes, drift as a slow change.",
            lambda: encode(charts.slices_over_time(clip.slices()), "png"),
        ),
        chart(
            "clip-drift",
            f"Distance in ab of the mean colour of each frame of {clip.clip} from the first frame's",
            "Drift: how far the mean colour of a frame is from that of the first frame. Oracles are not "
            "shown.",
            lambda: charts.drift_over_time(clip.drift[shown]),
        ),
    ]


def _in_motion(clip: KeptClip) -> list[Block]:
    if not side_by_side.can_be_made():
        return [
            Prose(
                "To see the clip in motion here, `pip install 'huebench[video]'` and make the report again."
            )
        ]
    return [
        Figure(
            "clip-side-by-side",
            f"The clip {clip.clip} in motion: the input, the truth and every method side by side",
            f"The same clip in motion, {side_by_side.RATE} frames per second.",
            lambda: side_by_side.film(clip),
            kind="mp4",
        )
    ]


def _others_in_motion(clips: list[KeptClip]) -> list[Block]:
    """Return the other kept clips as films; a clip of one frame has none."""
    moving = [clip for clip in clips if len(clip.frames) > 1]
    if not moving or not side_by_side.can_be_made():
        return []
    return [
        Heading("Other clips in motion", 3),
        *(
            Figure(
                f"clip-side-by-side-{number}",
                f"The clip {clip.clip} in motion: the input, the truth and every method side by side",
                f"{clip.clip}, {side_by_side.RATE} frames per second.",
                partial(side_by_side.film, clip),
                kind="mp4",
            )
            for number, clip in enumerate(moving, 2)
        ),
    ]
