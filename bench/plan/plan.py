"""The plan of a run: which cells there are, and what each one's key is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import UserError
from ...datasets.base import Dataset, Entry, Split, fingerprint, open_dataset
from ...files import WEIGHTS_VARIABLE
from ...methods.base import Budget, Method, methods
from ...methods.spec import MethodSpec, label
from ..cell.shards import SHARD
from ..protocol.protocol import Protocol
from .cell import Cell, Keep
from .keys import (
    PREDICTING,
    SAMPLING,
    SCORING,
    class_source,
    digest,
    files_content,
    library_versions,
    metrics_source,
    modules_source,
)
from .photos import drawn, entries_of, preparing, reading


@dataclass(frozen=True)
class Options:
    """What the user asked for.

    Attributes
    ----------
    methods
        The methods with their parameters.
    dataset, data_root
        What ``--dataset`` and ``--data-root`` said.
    split
        The split to score.
    limit
        At most so many photos of it, drawn with seed 0; ``None`` for all.
    seeds
        One cell a method a seed.
    budget, device
        As in `huebench.methods.base.Context`.
    devices
        GPUs that train a deep method together.
    threads
        Threads of a machine to use in all.
    jobs
        Cells at a time on a machine; they share the threads.
    timeout, max_memory
        Seconds and bytes after which a cell is ended, or ``None``.
    keep
        Whose predictions are kept.
    protocol
        The frozen protocol.
    plugins
        Files to import before anything is looked up.
    out
        The run folder.
    """

    methods: tuple[MethodSpec, ...]
    dataset: str
    data_root: Path | None
    split: Split
    limit: int | None
    seeds: tuple[int, ...]
    budget: Budget
    device: str
    devices: int
    threads: int
    jobs: int
    timeout: float | None
    max_memory: int | None
    keep: Keep
    protocol: Protocol
    plugins: tuple[Path, ...]
    out: Path


@dataclass(frozen=True)
class Plan:
    """A dataset opened, its photos chosen, and the cells to be done.

    Attributes
    ----------
    options
        What was asked.
    dataset
        The opened dataset.
    fingerprint
        Of the whole dataset.
    photos
        The photos to score.
    cells
        In the tables' order, no two of one key.
    """

    options: Options
    dataset: Dataset
    fingerprint: str
    photos: Sequence[Entry]
    cells: tuple[Cell, ...]


GALLERY_PHOTOS = 64
"""Photos whose pictures are kept, drawn with seed 0; the report's gallery chooses among them."""


@dataclass(frozen=True)
class _DataKeys:
    """Digests of what cells of one plan have in common: of the photos, and of the code that reads them."""

    training: str
    sample: str
    scored: str


def make_plan(options: Options) -> Plan:
    """Open the dataset and lay out the cells.

    Raises
    ------
    UserError
        If the dataset is not there, or one of the splits that are needed is empty.
    """
    dataset = open_dataset(options.dataset, options.data_root)
    photos = entries_of(dataset, options.split, options.limit)
    if not photos:
        raise UserError(f"dataset '{options.dataset}' has no photo in its {options.split} split")
    if not dataset.split("train"):
        raise UserError(f"dataset '{options.dataset}' has no training photo, so no references and no prior")
    train, validation = (fingerprint(dataset.split(name)) for name in ("train", "validation"))
    data = _DataKeys(
        training=digest(train, validation, preparing(dataset, options.protocol)),
        sample=sample_key(dataset, options.protocol),
        scored=photos_key(dataset, photos, options.protocol),
    )
    gallery = drawn(photos, GALLERY_PHOTOS)
    name, _, path = options.dataset.partition(":")
    common = {
        "dataset": name, "data_root": Path(path).resolve() if path else options.data_root,
        "split": options.split,
        "limit": options.limit, "scored": data.scored, "sample": data.sample, "protocol": options.protocol,
        "budget": options.budget, "device": options.device, "gallery": tuple(entry.id for entry in gallery),
        "keep": options.keep, "timeout": options.timeout, "max_memory": options.max_memory,
        "plugins": tuple(str(path) for path in options.plugins), "run_folder": options.out,
        "weights_dir": os.environ.get(WEIGHTS_VARIABLE, ""),
    }  # fmt: skip
    cells: dict[str, Cell] = {}
    for spec in options.methods:
        for seed in options.seeds:
            cell = _cell(spec, seed, options, data, common)
            cells.setdefault(cell.key, cell)
    return Plan(options, dataset, dataset.fingerprint(), photos, tuple(cells.values()))


def photos_key(dataset: Dataset, photos: Sequence[Entry], protocol: Protocol) -> str:
    """Return the key of some photos as they are scored."""
    return digest(fingerprint(photos), reading(dataset, protocol))


def sample_key(dataset: Dataset, protocol: Protocol) -> str:
    """Return the key of the training sample: of its photos, and of all that describes them."""
    return digest(
        fingerprint(dataset.split("train")), reading(dataset, protocol), protocol.training_sample,
        modules_source(SAMPLING, without="huebench.bench.metrics"), library_versions(),
    )  # fmt: skip


def score_key(prediction_key: str, sample: str, protocol: Protocol) -> str:
    """Return the key of a cell that scores these predictions."""
    return digest(
        prediction_key, sample, protocol.digest, modules_source(SCORING), metrics_source(protocol.metrics)
    )


def _cell(spec: MethodSpec, seed: int, options: Options, data: _DataKeys, common: dict[str, Any]) -> Cell:
    common = {**common, "name": spec.name, "parameters": spec.parameters, "seed": seed}
    if spec.name in methods.broken:
        return _impossible(spec, methods.broken[spec.name].reason, common)
    try:
        return _runnable(spec, seed, options, data, common)
    except UserError:  # a wrong parameter
        raise
    except Exception as error:  # noqa: BLE001  # whatever one class raises, the others run
        return _impossible(spec, f"{type(error).__name__}: {error}", common)


def _runnable(spec: MethodSpec, seed: int, options: Options, data: _DataKeys, common: dict[str, Any]) -> Cell:
    method = spec.build()
    info = method.info
    if reason := spec.missing():
        return _impossible(spec, reason, common, method)
    devices = options.devices if info.family == "deep" and info.trainable else 1
    fit_key = digest(
        info.name, method.parameters.model_dump(mode="json"), files_content(method.files),
        class_source(type(method)), seed, data.training, options.budget, options.device, library_versions(),
        options.threads if info.all_threads else 0, devices,
    )  # fmt: skip
    prediction_key = digest(fit_key, data.sample, data.scored, modules_source(PREDICTING), SHARD)
    threads = options.threads if info.all_threads else max(1, options.threads // options.jobs)
    return Cell(
        key=score_key(prediction_key, data.sample, options.protocol), fit_key=fit_key,
        prediction_key=prediction_key, label=label(method), family=info.family, oracle=info.needs_truth,
        threads=threads, devices=devices, **common,
    )  # fmt: skip


def _impossible(spec: MethodSpec, reason: str, common: dict[str, Any], method: Method | None = None) -> Cell:
    key = digest("impossible", spec.name, spec.parameters, common["seed"])
    return Cell(
        key=key, fit_key=key, prediction_key=key, label=label(method) if method else spec.name,
        family=method.info.family if method else "", oracle=False, threads=1, problem=reason, **common,
    )  # fmt: skip
