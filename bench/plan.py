"""The plan of a run: which cells there are, and what each one's key is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from .. import UserError
from ..datasets.base import Dataset, Entry, Split, fingerprint
from ..datasets.catalogue import open_dataset
from ..datasets.digests import cache_folder
from ..datasets.photos import PhotoSet
from ..methods.base import Budget, Context, Method, methods
from ..methods.spec import MethodSpec, label
from .files import write_json
from .keys import digest, library_versions, method_source, scoring_source
from .protocol import Protocol


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
    threads
        Threads of the machine to use in all.
    jobs
        Cells at a time; they share the threads.
    timeout
        Seconds after which a cell is ended, or ``None``.
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
    threads: int
    jobs: int
    timeout: float | None
    protocol: Protocol
    plugins: tuple[Path, ...]
    out: Path


@dataclass(frozen=True)
class Cell:
    """One method with its parameters, one seed, one split: all that its process must know.

    Attributes
    ----------
    key
        Digest of everything that can move one of its numbers.
    fit_key
        Digest of what can move what it learns: cells of one fit key share the fitted model.
    name, parameters, label, family, oracle
        The method.
    threads
        How many it may use.
    gallery
        Ids of the photos whose pictures are kept.
    training_sample
        Path of the run's `TrainingSample`.
    problem
        Why it cannot run at all (status ``skipped`` or ``failed`` before a process is started), or ``""``.
    """

    key: str
    fit_key: str
    name: str
    parameters: dict[str, str]
    label: str
    family: str
    oracle: bool
    seed: int
    dataset: str
    data_root: Path | None
    split: Split
    limit: int | None
    protocol: Protocol
    budget: Budget
    device: str
    threads: int
    plugins: tuple[str, ...]
    gallery: tuple[str, ...]
    run_folder: Path
    training_sample: Path
    problem: str = ""

    @property
    def folder(self) -> Path:
        """Where the cell writes."""
        return self.run_folder / "cells" / self.key

    @property
    def model_folder(self) -> Path:
        """Where its fitted model stands."""
        return self.run_folder / "models" / self.fit_key

    def context(self, **given: Any) -> Context:
        """Return the context of the cell's method, with what else is given."""
        return Context(seed=self.seed, device=self.device, budget=self.budget, threads=self.threads, **given)

    def write(self) -> Path:
        """Write the specification for the cell's process and return its path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "cell.json"
        write_json(path, json.loads(json.dumps(asdict(self), default=str)))
        return path

    @classmethod
    def read(cls, path: Path) -> Cell:
        """Read what `write` wrote."""
        given: dict[str, Any] = json.loads(path.read_text())
        given["protocol"] = Protocol(**{**given["protocol"], "metrics": tuple(given["protocol"]["metrics"])})
        given["data_root"] = Path(given["data_root"]) if given["data_root"] else None
        for name in ("run_folder", "training_sample"):
            given[name] = Path(given[name])
        for name in ("plugins", "gallery"):
            given[name] = tuple(given[name])
        return cls(**{f.name: given[f.name] for f in fields(cls)})


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
    training_sample
        Where the run's `TrainingSample` belongs.
    cells
        In the tables' order.
    """

    options: Options
    dataset: Dataset
    fingerprint: str
    photos: Sequence[Entry]
    training_sample: Path
    cells: tuple[Cell, ...]


GALLERY_PHOTOS = 64
"""Photos whose pictures are kept, drawn with seed 0; the report's gallery chooses among them."""


def make_plan(options: Options) -> Plan:
    """Open the dataset and lay out the cells.

    Raises
    ------
    UserError
        If the dataset is not there, or one of the splits that are needed is empty.
    """
    dataset = open_dataset(options.dataset, options.data_root)
    train, validation = (fingerprint(dataset.split(name)) for name in ("train", "validation"))
    photos = _chosen(dataset, options.split, options.limit)
    if not photos:
        raise UserError(f"dataset '{options.dataset}' has no photo in its {options.split} split")
    if not dataset.split("train"):
        raise UserError(f"dataset '{options.dataset}' has no training photo, so no references and no prior")
    sample_key = digest(train, options.protocol.preparation, options.protocol.training_sample)
    training_sample = options.out / "shared" / f"{sample_key}.npz"
    gallery = _drawn(photos, GALLERY_PHOTOS)
    cells = []
    for spec in options.methods:
        for seed in options.seeds:
            common = {
                "name": spec.name, "parameters": spec.parameters, "seed": seed, "dataset": options.dataset,
                "data_root": options.data_root, "split": options.split, "limit": options.limit,
                "protocol": options.protocol, "budget": options.budget, "device": options.device,
                "plugins": tuple(str(path) for path in options.plugins),
                "gallery": tuple(entry.id for entry in gallery), "run_folder": options.out,
                "training_sample": training_sample,
            }  # fmt: skip
            cells.append(_cell(spec, options, common, (train, validation, sample_key, fingerprint(photos))))
    return Plan(options, dataset, dataset.fingerprint(), photos, training_sample, tuple(cells))


def photo_set(cell: Cell, split: Split) -> PhotoSet:
    """Open one split's photos as a cell sees them; the scored split is cut to the cell's limit."""
    dataset = open_dataset(cell.dataset, cell.data_root)
    entries = _chosen(dataset, split, cell.limit) if split == cell.split else dataset.split(split)
    return PhotoSet(
        dataset,
        entries,
        prepare=cell.protocol.prepare,
        prepare_key=cell.protocol.preparation,
        cache=cache_folder() / "packed",
    )


def _cell(
    spec: MethodSpec, options: Options, common: dict[str, Any], data: tuple[str, str, str, str]
) -> Cell:
    if spec.name in methods.broken:
        return _impossible(spec, methods.broken[spec.name].reason, common)
    method = spec.build()
    info = method.info
    if reason := spec.missing():
        return _impossible(spec, reason, common, method)
    *training, scored = data
    fit_key = digest(
        info.name, method.parameters.model_dump(mode="json"), method_source(type(method)), common["seed"],
        training, options.protocol.preparation, options.budget, options.device, library_versions(),
        options.threads if info.all_threads else 0,
    )  # fmt: skip
    key = digest(fit_key, scored, options.protocol.digest, scoring_source())
    threads = options.threads if info.all_threads else max(1, options.threads // options.jobs)
    return Cell(
        key=key, fit_key=fit_key, label=label(method), family=info.family, oracle=info.needs_truth,
        threads=threads, **common,
    )  # fmt: skip


def _impossible(spec: MethodSpec, reason: str, common: dict[str, Any], method: Method | None = None) -> Cell:
    key = digest("impossible", spec.name, spec.parameters, common["seed"])
    return Cell(
        key=key, fit_key=key, label=label(method) if method else spec.name,
        family=method.info.family if method else "", oracle=False, threads=1, problem=reason, **common,
    )  # fmt: skip


def _chosen(dataset: Dataset, split: Split, limit: int | None) -> list[Entry]:
    entries = dataset.split(split)
    return entries if limit is None else _drawn(entries, limit)


def _drawn(entries: Sequence[Entry], count: int) -> list[Entry]:
    """Draw some entries with seed 0, in their order."""
    if count >= len(entries):
        return list(entries)
    chosen = np.random.default_rng(0).choice(len(entries), count, replace=False)
    return [entries[i] for i in np.sort(chosen)]
