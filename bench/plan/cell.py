"""The unit of work: one method with its parameters, one seed, one split."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from ... import UserError
from ...datasets.base import Split
from ...files import unseal, write_json
from ...methods.base import Budget, Context
from ..protocol.protocol import Protocol

Keep = Literal["none", "gallery", "all"]
"""Whose predictions are kept."""

KEEPS: tuple[Keep, ...] = ("none", "gallery", "all")
"""Each keeps what the one before it keeps, and more."""


@dataclass(frozen=True)
class Cell:
    """All that a cell's process must know.

    Attributes
    ----------
    key
        Digest of everything that can move one of its numbers.
    fit_key
        Digest of what can move what it learns: cells of one fit key share the fitted model.
    prediction_key
        Digest of what can move its predictions: cells of one prediction key share those that are kept.
    name, parameters, label, family, oracle
        The method.
    scored
        Fingerprint of the photos to score.
    sample
        Key of the run's `TrainingSample`.
    gallery
        Ids of the photos whose pictures are kept for the report.
    keep
        Whose predictions are kept.
    devices
        How many of them train its method together.
    threads
        How many it may use.
    timeout, max_memory
        Seconds and bytes it may take, or ``None``.
    weights_dir
        Folder of pretrained weights, or ``""``.
    rescored
        Key of the finished cell whose kept predictions are scored anew without running the method, or ``""``.
    problem
        Why it cannot run at all, or ``""``.
    run_folder
        Where the run is now; not written down, so that a run folder can be moved.
    """

    key: str
    fit_key: str
    prediction_key: str
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
    scored: str
    sample: str
    protocol: Protocol
    budget: Budget
    device: str
    gallery: tuple[str, ...]
    keep: Keep
    threads: int
    timeout: float | None
    max_memory: int | None
    plugins: tuple[str, ...]
    run_folder: Path
    devices: int = 1
    weights_dir: str = ""
    rescored: str = ""
    problem: str = ""

    @property
    def folder(self) -> Path:
        """Where the cell writes."""
        return self.run_folder / "cells" / self.key

    @property
    def model_folder(self) -> Path:
        """Where its fitted model stands."""
        return self.run_folder / "models" / self.fit_key

    @property
    def prediction_folder(self) -> Path:
        """Where its predictions are kept."""
        return self.run_folder / "predictions" / self.prediction_key

    @property
    def training_sample(self) -> Path:
        """Where the run's `TrainingSample` stands."""
        return self.run_folder / "shared" / f"{self.sample}.npz"

    def context(self, **given: Any) -> Context:
        """Return the context of the cell's method, with what else is given."""
        return Context(seed=self.seed, device=self.device, budget=self.budget, threads=self.threads, **given)

    def status(self) -> dict[str, Any] | None:
        """Return what the cell left when it ended, or ``None`` if it did not end or the files are damaged."""
        return unseal(self.folder / "status.json")

    def is_done(self) -> bool:
        """Whether it ended well and kept all that is asked for."""
        status = self.status()
        return (
            status is not None
            and status["status"] == "ok"
            and KEEPS.index(status["kept"]) >= KEEPS.index(self.keep)
        )

    def write(self) -> Path:
        """Write the specification for the cell's process and return its path."""
        specification = {name: value for name, value in asdict(self).items() if name != "run_folder"}
        path = self.folder / "cell.json"
        write_json(path, json.loads(json.dumps(specification, default=str)))
        return path

    @classmethod
    def read(cls, path: Path) -> Cell:
        """Read what `write` wrote; the run folder is the one it lies in.

        Raises
        ------
        UserError
            If the file is missing or damaged.
        """
        try:
            given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            given["protocol"]["metrics"] = tuple(given["protocol"]["metrics"])
            given["protocol"] = Protocol(**given["protocol"])
            given["data_root"] = Path(given["data_root"]) if given["data_root"] else None
            given["run_folder"] = path.resolve().parents[2]
            for name in ("plugins", "gallery"):
                given[name] = tuple(given[name])
            return cls(**{field.name: given[field.name] for field in fields(cls)})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"'{path}' is missing or damaged; run the benchmark again: {error}") from error
