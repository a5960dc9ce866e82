"""The unit of work: one method with its parameters, one seed, one split."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ... import UserError
from ...files import atomic, file_name, unseal
from ...methods.base import Context
from ..protocol.protocol import Protocol
from .facts import CellRow, is_whole
from .photos import Planned
from .request import KEEPS, Request
from .resolve import protocol_of

_KEY: Final = r"[0-9a-f]{16}"

Key = Annotated[str, Field(pattern=f"^{_KEY}$")]
"""A digest of `huebench.bench.plan.keys`; it ends a folder's name, so nothing else may stand there."""

OptionalKey = Annotated[str, Field(pattern=f"^({_KEY})?$")]
"""A key or ``""``."""


class Cell(BaseModel):
    """A method with a seed on the photos of a request, with the keys of its results.

    Attributes
    ----------
    key
        Digest of everything that can change its numbers.
    fit_key
        Digest of everything that can change its model: cells with the same fit key share the fitted model.
    prediction_key
        Digest of everything that can change its predictions: cells with the same prediction key share them.
    name, parameters, family
        The method.
    label
        The name of its row: given by the user, or the method as typed. No key depends on it.
    code
        Digest of the method's code and of the libraries that only it needs, or ``""``.
    oracle
        Whether the method is given true colours, all or as hints or key frames, and so never competes.
    sees_truth
        Whether it sees the whole hidden chroma.
    reference
        How its reference photos are chosen.
    temporal, key_frame_every
        Whether the method carries state from frame to frame; frames from one key frame to the next, whose
        colour an exemplar method sees, 0 for all other methods.
    hints
        Number of colour hints that the method is given for each photo.
    request
        The resolved request.
    method_plugin, data_plugins
        The plugins that register its method (or ``""``), and its dataset and metrics. No others are imported.
    method_given, data_given
        Digests, at planning time, of `method_plugin` and the method's files, and of `data_plugins` and the
        metrics' files.
    scored
        Fingerprint of the photos to score.
    sample
        Key of the run's `TrainingSample`.
    dataset_key, training_key
        Keys, at planning time, of the datasets that are scored and learned from; ``""`` if unknown.
    gallery
        Ids of the photos whose pictures are kept for the report.
    threads, devices
        Number of threads that it may use, and of GPUs that train its method together.
    trained_on
        Number of scored photos that its method's shipped weights were trained on.
    rescored
        Key of the finished cell whose predictions are scored again instead of running the method, or ``""``.
    problem
        Why it cannot run, or ``""``.
    degradation
        What is wrong with the lightness that its method sees, as in ``--degrade``; ``""`` for a clean cell,
        with which it shares the fitted model.
    example
        How its reference photos are chosen, as in ``--references``; empty for the method's own choice, with
        whose cell it shares the fitted model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    fit_key: Key
    prediction_key: Key
    name: str
    parameters: dict[str, str]
    label: str
    family: str
    code: OptionalKey = ""
    oracle: bool = False
    sees_truth: bool = False
    reference: Literal["none", "similar", "random"] = "none"
    temporal: bool = False
    key_frame_every: int = 0
    hints: int = 0
    seed: int
    request: Request
    method_plugin: str = ""
    data_plugins: tuple[str, ...] = ()
    method_given: OptionalKey = ""
    data_given: OptionalKey = ""
    scored: Key
    sample: Key
    dataset_key: OptionalKey = ""
    training_key: OptionalKey = ""
    gallery: tuple[str, ...]
    threads: int
    devices: int = 1
    trained_on: int = 0
    rescored: OptionalKey = ""
    problem: str = ""
    degradation: str = ""
    example: str = ""

    @property
    def protocol(self) -> Protocol:
        """The frozen protocol, with the cell's degradation and its choice of references."""
        return protocol_of(self.request, self.degradation, self.example)

    @property
    def condition(self) -> str:
        """What sets it apart from its method's own cell, from a space on: `` under grain``; else ``""``."""
        if self.example:
            return f" with references: {self.example}"
        return f" under {self.degradation}" if self.degradation else ""

    @property
    def title(self) -> str:
        """Its name in progress and lists: method, seed unless 0, and condition."""
        seed = f" seed {self.seed}" if self.seed else ""
        return f"{self.label}{seed}{self.condition}"

    @property
    def run_folder(self) -> Path:
        """The run folder's current path."""
        assert self.request.out is not None  # noqa: S101  # set by `resolve`
        return self.request.out

    def named(self, key: str) -> str:
        """Return the name of a folder of this method and seed: readable, with a key at its end."""
        seed = f"-seed-{self.seed}" if self.seed else ""
        return f"{file_name(self.name)}{seed}-{key}"

    @property
    def folder(self) -> Path:
        """The cell's folder."""
        return self.run_folder / "cells" / self.named(self.key)

    @property
    def model_folder(self) -> Path:
        """The folder of its fitted model."""
        return self.run_folder / "models" / self.named(self.fit_key)

    @property
    def prediction_folder(self) -> Path:
        """The folder of its kept predictions."""
        return self.run_folder / "predictions" / self.named(self.prediction_key)

    @property
    def training_sample(self) -> Path:
        """The file of the run's `TrainingSample`."""
        return self.run_folder / "shared" / f"training-sample-{self.sample}.npz"

    @property
    def scored_as_planned(self) -> Planned | None:
        """The planned photos to score."""
        return self._planned(self.dataset_key)

    @property
    def learned_as_planned(self) -> Planned | None:
        """The planned photos to learn from."""
        return self._planned(self.training_key)

    def _planned(self, key: str) -> Planned | None:
        return Planned(key, self.run_folder / "shared" / f"photos-{key}") if key else None

    def check_given(self, found: str, planned: str) -> None:
        """Compare a digest of plugins and files with the one at planning time.

        Raises
        ------
        UserError
            If they differ.
        """
        if found != planned:
            what = f"a plugin of {self.label}, or a file that it reads,"
            raise UserError(f"{what} has changed since the run was planned; run again")

    def context(self, **given: Any) -> Context:
        """Return the context of the cell's method, with the given fields added."""
        request = self.request
        return Context(
            seed=self.seed, device=request.device, budget=request.budget, threads=self.threads, **given
        )

    def status(self) -> dict[str, Any] | None:
        """Return the facts that the cell wrote at its end; ``None`` if they are missing or damaged."""
        facts = unseal(self.folder / "status.json")
        return facts if is_whole(CellRow, facts) else None

    def is_done(self) -> bool:
        """Whether it succeeded and kept everything requested."""
        status = self.status()
        return (
            status is not None
            and status["status"] == "ok"
            and KEEPS.index(status["kept"]) >= KEEPS.index(self.request.keep_predictions)
        )

    def write(self) -> Path:
        """Write the specification for the cell's process and return its path.

        The specification leaves out the run folder, so that it can be moved.
        """
        path = self.folder / "cell.json"
        text = self.model_dump_json(indent=2, exclude={"request": {"out"}})
        with atomic(path) as partial:
            partial.write_text(text + "\n", encoding="utf-8")
        return path

    @classmethod
    def read(cls, run: Path, key: str) -> Self:
        """Read a specification from `write`.

        Parameters
        ----------
        run
            The run folder, wherever it is now.
        key
            The cell's key.

        Raises
        ------
        UserError
            If the key is none, or the file is missing or damaged.
        """
        if not re.fullmatch(_KEY, key):
            raise UserError(f"the tables in '{run}' are damaged: '{key}' is not the key of a cell")
        folders = sorted((run / "cells").glob(f"*-{key}"))
        path = (folders[0] if folders else run / "cells" / key) / "cell.json"
        damaged = f"'{path}' is missing or damaged; run the benchmark again"
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
            given["request"]["out"] = run.resolve()
            cell = cls.model_validate(given)
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = f"{error.error_count()} faults" if isinstance(error, ValidationError) else error
            raise UserError(f"{damaged}: {reason}") from error
        if cell.key != key or cell.folder.name != path.parent.name:
            raise UserError(f"{damaged}: it describes another cell")
        return cell

    @classmethod
    def of_specification(cls, path: Path) -> Self:
        """Read the specification at a path from `write`; see `read`."""
        return cls.read(path.resolve().parents[2], path.resolve().parent.name.rpartition("-")[2])
