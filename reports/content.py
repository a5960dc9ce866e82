"""What a report says, before any format: the tables laid out, and everything round them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from .layout import FACTS, Table, lay_out, matrix, metric_column
from .summary import Summary, categories, summarize
from .tables import MetricFacts, Results, RunFacts

if TYPE_CHECKING:
    from .evidence import Evidence
    from .speed import Kernels
    from .statistics import Intervals
    from .study import Study

HEADLINE = (
    "coverage",
    "psnr",
    "ssim",
    "colorfulness",
    "delta_colorfulness",
    "accuracy@5",
    "accuracy@10",
    "auc",
    "auc_rebalanced",
    "delta_e2000",
    "images_per_second",
    "parameter_count",
)
"""Columns of the headline table."""

BY_CATEGORY = ("auc", "psnr")
"""Metrics with a table by category."""

CATEGORIES_A_TABLE = 8

NAMED = 5
"""How many of the unscored photos are named in the report."""


@dataclass(frozen=True)
class Failure:
    """A cell that did not end well."""

    seed: int
    method: str
    status: str
    phase: str
    reason: str
    log: str


@dataclass(frozen=True)
class Unscored:
    """Photos without a score, together because method, status and reason are the same."""

    method: str
    status: str
    reason: str
    photos: tuple[str, ...]

    @property
    def which(self) -> str:
        """The photos' ids, or the first few of many."""
        named = ", ".join(self.photos[:NAMED])
        rest = len(self.photos) - NAMED
        return named if rest <= 0 else f"{named} and {rest:,} more (all are in images.parquet)"


@dataclass(frozen=True)
class Content:
    """A report before any format.

    Attributes
    ----------
    run
        The run's facts.
    summary
        Over all photos.
    headline, further
        The tables over all photos: `HEADLINE`, and every other metric and cost.
    coloured
        The headline metrics without near-grey photos, or ``None`` if there are none.
    near_grey, photos
        How many photos are near-grey, of how many.
    categories
        Category → summary of its photos and the intervals of its means; empty where there are fewer than two.
    by_category
        Metric → tables of it, each with a few of the categories.
    intervals
        Bootstrap intervals of all means.
    evidence
        How sure the differences are, by a few of the metrics.
    speed
        How fast every method was, on what.
    kernels
        The kernels' own benchmark, or ``None`` where the run folder holds none.
    study
        What people took for real, or ``None`` where nobody was asked.
    answers
        How many answers were scored, of how many expected, all methods and seeds together.
    failures, unscored
        Cells that did not end well, and photos without a score.
    unavailable
        Metrics that were not computed, each with its reason.
    notes
        Method, fact, value: what methods say of themselves.
    provenance
        Heading → facts, all that is needed to repeat the run.
    seeds, cells
        How many seeds, and runs of a method with a seed.
    """

    run: RunFacts
    summary: Summary
    headline: Table
    further: Table
    coloured: Table | None
    near_grey: int
    photos: int
    categories: dict[str, tuple[Summary, Intervals]]
    by_category: dict[str, list[Table]]
    intervals: Intervals
    evidence: list[Evidence]
    speed: Table
    kernels: Kernels | None
    study: Study | None
    answers: tuple[int, int]
    failures: list[Failure]
    unscored: list[Unscored]
    unavailable: list[MetricFacts]
    notes: list[tuple[str, str, str]]
    provenance: dict[str, dict[str, str]]
    seeds: int
    cells: int

    @property
    def protocol(self) -> str:
        """The protocol in words, but for what stands elsewhere in the report."""
        return "; ".join(
            f"{key.replace('_', ' ')} {in_words(value)}"
            for key, value in self.run.protocol.items()
            if key not in ("metrics", "version")
        )

    @property
    def machine(self) -> str:
        """The machine of the run in words."""
        return ", ".join(f"{key} {value}" for key, value in self.run.machine.items() if value != "none")

    @property
    def failure_rows(self) -> list[tuple[object, ...]]:
        """The failures as rows: method, seed, status, phase, reason, log."""
        return [(f.method, f.seed, f.status, f.phase, f.reason, f.log) for f in self.failures]

    @property
    def unscored_rows(self) -> list[tuple[object, ...]]:
        """The unscored photos as rows: method, status, how many, reason, which."""
        return [(u.method or "all", u.status, len(u.photos), u.reason, u.which) for u in self.unscored]

    @property
    def definition_rows(self) -> list[tuple[str, ...]]:
        """The metrics of the tables as rows: label, name, definition, source."""
        return [(m.label, m.name, m.description, m.source) for m in self.summary.metrics]

    def title(self, name: str) -> str:
        """Return the heading of a metric: ``PSNR ↑ (dB)``."""
        return next(metric_column(metric).title for metric in self.run.metrics if metric.name == name)


def make_content(results: Results) -> Content:
    """Work out all that a report says of a run."""
    from .evidence import weigh  # SciPy takes its time to import
    from .speed import methods_table, read_kernels
    from .statistics import intervals
    from .study import read_study

    summary = summarize(results)
    ends = intervals(summary)
    parts = {category: summarize(results, category=category) for category in categories(results)}
    by_category = {category: (part, intervals(part)) for category, part in parts.items()}
    coloured = summarize(results, near_grey=False)
    further = [m.name for m in summary.metrics if m.name not in HEADLINE]
    return Content(
        run=results.run,
        summary=summary,
        headline=lay_out(summary, HEADLINE, ends),
        further=lay_out(summary, [*further, "fit_seconds", "peak_memory_mb"], ends),
        coloured=_coloured(summary, coloured),
        near_grey=summary.photos - coloured.photos,
        photos=summary.photos,
        categories=by_category,
        by_category=_by_category(by_category, summary),
        intervals=ends,
        evidence=weigh(results, summary, ends),
        speed=methods_table(results, summary),
        kernels=read_kernels(results.folder),
        study=read_study(results, summary),
        answers=(int(summary.rows["scored"].sum()), int(summary.rows["expected"].sum())),
        failures=failures(results.cells),
        unscored=_unscored(results),
        unavailable=[metric for metric in results.run.metrics if metric.unavailable],
        notes=_notes(results.cells),
        provenance=_provenance(results.run),
        seeds=int(summary.rows["seeds"].max()),
        cells=len(results.cells),
    )


def in_words(value: Any) -> str:
    """Return a fact of ``run.json`` as a reader would write it.

    >>> in_words({"train": 3780, "test": 119}), in_words(["psnr", "ssim"]), in_words(None)
    ('train 3,780, test 119', 'psnr, ssim', 'none')
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {in_words(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(in_words(item) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _coloured(summary: Summary, coloured: Summary) -> Table | None:
    if coloured.photos in (0, summary.photos):
        return None
    from .statistics import intervals

    names = [name for name in HEADLINE if name not in FACTS or name == "coverage"]
    return lay_out(coloured, names, intervals(coloured))


def _by_category(summaries: dict[str, tuple[Summary, Intervals]], summary: Summary) -> dict[str, list[Table]]:
    names = [metric for metric in BY_CATEGORY if metric in summary.scores]
    headed = [(f"{category} ({part[0].photos:,})", part) for category, part in summaries.items()]
    chunks = [dict(headed[i : i + CATEGORIES_A_TABLE]) for i in range(0, len(headed), CATEGORIES_A_TABLE)]
    return {name: [matrix(chunk, name) for chunk in chunks] for name in names if chunks}


def failures(cells: pd.DataFrame) -> list[Failure]:
    """Return the cells that did not end well, by method and seed."""
    wrong = cells[cells["status"] != "ok"].sort_values(["method", "seed"])
    texts = wrong[["method", "status", "phase", "reason", "log"]].fillna("").astype(str).to_numpy()
    return [Failure(int(seed), *row) for seed, row in zip(wrong["seed"], texts, strict=True)]


def _unscored(results: Results) -> list[Unscored]:
    """Group photos without a score; one that nobody could decode is no method's fault, and named once."""
    wrong = results.images[results.images["status"] != "ok"]
    groups: dict[tuple[str, str, str], set[str]] = {}
    for photo, reason in results.run.dataset.get("undecodable", {}).items():
        groups.setdefault(("", "undecodable", str(reason)), set()).add(photo)
    for row in wrong[["method", "status", "reason", "photo"]].itertuples(index=False):
        method, status, reason, photo = ("" if pd.isna(value) else str(value) for value in row)
        groups.setdefault(("" if status == "undecodable" else method, status, reason), set()).add(photo)
    return [Unscored(*key, tuple(sorted(photos))) for key, photos in sorted(groups.items())]


def _notes(cells: pd.DataFrame) -> list[tuple[str, str, str]]:
    notes = {
        (str(row.method), key, in_words(value))
        for row in cells[["method", "notes"]].dropna().itertuples(index=False)
        for key, value in json.loads(str(row.notes)).items()
    }
    return sorted(notes)


def _provenance(run: RunFacts) -> dict[str, dict[str, str]]:
    dataset = {key: value for key, value in run.dataset.items() if key not in ("caveat", "undecodable")}
    sections: dict[str, Mapping[str, Any]] = {
        "Run": {"started": run.started, "seconds": f"{run.seconds:.1f}", **run.options},
        "Dataset": dataset,
        "Protocol": {"digest": run.protocol_digest, **run.protocol},
        "Machine": run.machine,
        "Versions": run.versions,
    }
    return {
        heading: {key.replace("_", " "): in_words(value) for key, value in facts.items()}
        for heading, facts in sections.items()
    }
