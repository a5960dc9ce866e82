"""Colorizes the same photos by the same methods under every variant, and scores them by every definition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ... import UserError
from ...datasets.base import RGB, Entry, PhotoError
from ...datasets.photos import PhotoSet
from ...methods.base import Chroma, Lightness, Method
from ...methods.spec import label, parse_specs
from ...wording import counted
from ..cell.colorizer import Colorizer, InProcess, MethodInput
from ..cell.pipeline import References
from ..fitting import context_of, fitted
from ..metrics import Scorer
from ..plan.photos import limited, open_split
from ..plan.request import Request
from ..plan.resolve import dataset_of, protocol_of, resolve
from ..protocol.protocol import Protocol
from ..protocol.training_sample import TrainingSample
from .variants import (
    BASE,
    DEFINITIONS,
    METRICS,
    PIXELS,
    SQUARED,
    WRAPPED,
    Definition,
    ProtocolVariant,
    by_metric,
    mean_squared_error,
    variants,
    wrapped_psnr,
)

ALL = (
    "psnr", "psnr_capped", "ssim", "ssim_uniform", "ssim_uniform_225", "colorfulness", "colorfulness_abs",
    "delta_colorfulness", "delta_colorfulness_per_image", "delta_colorfulness_abs", "auc", "auc_rebalanced",
    "auc_rebalanced_per_photo",
)  # fmt: skip
"""The metrics of the base protocol's predictions, from which all definitions are computed."""


@dataclass(frozen=True)
class SensitivityRow:
    """A metric under one choice.

    Attributes
    ----------
    metric
        The metric's name.
    text
        The choice; `BASE` for the one with which the others are compared.
    values
        Method → the metric's value over all photos; NaN where the choice leaves out every photo.
    left_out
        Number of photos that the choice leaves out.
    """

    metric: str
    text: str
    values: dict[str, float]
    left_out: int = 0


@dataclass(frozen=True)
class Sensitivity:
    """All rows, each metric's base first, with what they were measured on.

    Attributes
    ----------
    unread
        Identifiers of the photos that could not be decoded; no row has them.
    """

    dataset: str
    photos: int
    protocol: Protocol
    rows: tuple[SensitivityRow, ...]
    unread: tuple[str, ...] = ()

    @property
    def metrics(self) -> list[str]:
        """The metrics, in order."""
        return list(dict.fromkeys(row.metric for row in self.rows))

    def base(self, metric: str) -> SensitivityRow:
        """Return the row with which a metric's other rows are compared."""
        return next(row for row in self.rows if row.metric == metric)


_Key: TypeAlias = tuple[int, str, str, str]


def _key(protocol: Protocol) -> _Key:
    """Return what a method's input depends on."""
    return protocol.size, protocol.resize, protocol.interpolation, protocol.grey


@dataclass(frozen=True)
class _Input:
    """A resized photo, uint8 (H, W, 3), and the lightness that methods see, float32 (1, H, W)."""

    prepared: RGB
    lightness: Lightness


@dataclass
class _Photo:
    """A decoded photo, and what methods see of it under each protocol so far."""

    decoded: RGB
    inputs: dict[_Key, _Input] = field(default_factory=dict)

    def input(self, protocol: Protocol) -> _Input:
        if (key := _key(protocol)) not in self.inputs:
            prepared = protocol.prepare(self.decoded)
            self.inputs[key] = _Input(prepared, protocol.hide(prepared[None])[0])
        return self.inputs[key]


@dataclass
class _Table:
    """The scores of one variant: method → one row per photo."""

    variant: ProtocolVariant
    scorer: Scorer
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, method: str, truth: RGB, predicted: RGB, pixels: int) -> None:
        row = self.scorer.score(truth, predicted).columns
        if self.variant.text == BASE:
            row = {
                **row,
                PIXELS: pixels,
                WRAPPED: wrapped_psnr(truth, predicted),
                SQUARED: mean_squared_error(truth, predicted),
            }
        self.rows[method].append(row)

    def row(
        self,
        metric: str,
        text: str,
        value: Callable[[pd.DataFrame], float],
        methods: Iterable[str],
        photos: int,
    ) -> SensitivityRow:
        rows = {name: self.rows.get(name, []) for name in methods}
        values = {
            name: value(pd.DataFrame.from_records(scores)) if scores else np.nan
            for name, scores in rows.items()
        }
        return SensitivityRow(metric, text, values, photos - min(map(len, rows.values())))


def measure(
    request: Request, only: Sequence[str] = (), progress: Callable[[int, int], None] | None = None
) -> Sensitivity:
    """Measure how much each choice moves the numbers.

    The methods learn once, from at most `Protocol.training_sample` training photos under the base protocol,
    and a photo's reference is the same under every variant: only the choice differs.

    Parameters
    ----------
    request
        Dataset, methods, split, limit, seed, device and budget.
    only
        Words: measure only choices of protocol whose text contains one of them, and no other definitions of
        metrics. Without words, measure all.
    progress
        Called with the number of photos done, and of all.

    Raises
    ------
    UserError
        If the request cannot be met, or no photo can be scored.
    """
    request = resolve(request)
    protocol, dataset = protocol_of(request), dataset_of(request)
    chosen = _chosen(protocol, only)
    train = open_split(request, "train")
    sample = TrainingSample.build(train, protocol)
    learned = train.sample(protocol.training_sample, np.random.default_rng(0))
    methods = _fitted(request, learned)
    tables = [_Table(each, Scorer(ALL if each.text == BASE else METRICS, sample.prior)) for each in chosen]
    entries = limited(dataset.split(request.split), request.limit)
    unread: list[str] = []
    for number, entry in enumerate(entries):
        if progress:
            progress(number, len(entries))
        try:
            decoded = dataset.load(entry)
        except PhotoError:
            unread.append(entry.id)
            continue
        photo = _Photo(decoded)
        for label_, method in methods.items():
            reference = _reference(method, sample, learned, entry, photo.input(protocol), request)
            colorizer = InProcess(method, context_of(request))
            chroma: dict[_Key, Chroma] = {}  # variants that differ only after the method share its answer
            for table in tables:
                _score(table, label_, photo, colorizer, reference, chroma)
    scored = len(entries) - len(unread)
    if not scored:
        raise UserError(
            f"dataset '{request.dataset}' has no photo in its {request.split} split to measure on"
            + (f": {counted(len(unread), 'photo')} could not be decoded" if unread else "")
        )
    rows = _rows(tables, () if only else DEFINITIONS, methods, scored)
    return Sensitivity(request.dataset_name, scored, protocol, tuple(rows), tuple(unread))


def _chosen(protocol: Protocol, only: Sequence[str]) -> list[ProtocolVariant]:
    """Return the base, and the variants whose text contains one of some words; all without words."""
    base, *others = variants(protocol)
    found = [each for each in others if not only or any(word in each.text for word in only)]
    if not found:
        texts = "; ".join(each.text for each in others)
        raise UserError(f"no choice contains {' or '.join(only)}; the choices: {texts}")
    return [base, *found]


def _fitted(request: Request, learned: PhotoSet) -> dict[str, Method]:
    found = {}
    for spec in parse_specs(request.methods):
        method = fitted(spec, request, learned)
        if method.info.oracle:
            raise UserError(f"{spec.name} sees the truth, which the comparison of protocols does not give")
        found[label(method)] = method
    return found


def _reference(
    method: Method, sample: TrainingSample, train: PhotoSet, entry: Entry, given: _Input, request: Request
) -> RGB | None:
    """Return the photo's reference, uint8 (1, H, W, 3), chosen and read under the base protocol."""
    references = References(method.info.reference, sample.references, train, request.seeds[0])
    return references.read(references.choose([entry], given.lightness))


def _score(
    table: _Table,
    name: str,
    photo: _Photo,
    colorizer: Colorizer,
    reference: RGB | None,
    chroma: dict[_Key, Chroma],
) -> None:
    """Score a photo by one method under one variant; ``chroma`` keeps the method's answers."""
    protocol = table.variant.protocol
    given, key = photo.input(protocol), _key(protocol)
    if protocol.leaves_out(given.prepared):
        return
    if key not in chroma:
        chroma[key] = colorizer(MethodInput(given.lightness, reference)).chroma
    finished = table.variant.after(protocol, protocol.restore(given.lightness, chroma[key]), given.lightness)
    height, width, _ = photo.decoded.shape
    table.add(name, protocol.truth_of(given.prepared), finished[0], height * width)


def _rows(
    tables: Sequence[_Table], definitions: Sequence[Definition], methods: Iterable[str], photos: int
) -> list[SensitivityRow]:
    """Return all rows, those of a metric together."""
    rows = [
        table.row(metric, table.variant.text, by_metric(metric), methods, photos)
        for metric in METRICS
        for table in tables
    ]
    rows += [tables[0].row(each.metric, each.text, each.value, methods, photos) for each in definitions]
    order = {metric: number for number, metric in enumerate(dict.fromkeys(row.metric for row in rows))}
    return sorted(rows, key=lambda row: order[row.metric])
