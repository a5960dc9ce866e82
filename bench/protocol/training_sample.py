"""The protocol's sample of the training split, the same for every method: references and colour prior."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ... import UserError
from ...datasets.base import RGB, Entry
from ...datasets.photos import PhotoSet
from ...files import atomic
from ..metrics import ab_prior
from .protocol import Protocol
from .references import ReferencePool, describe, look

NAMED = 3  #: Number of photos that are named if none can be decoded


@dataclass(frozen=True)
class TrainingSample:
    """A seeded sample of the training photos, described once per run and shared by all cells.

    Attributes
    ----------
    references
        The pool from which reference photos are chosen.
    prior
        Share of the sample's pixels in each ab bin: the weights of the rebalanced metrics.
    failures
        Reason, by id, for each photo of the sample that could not be decoded.
    """

    references: ReferencePool
    prior: NDArray[np.float64]
    failures: dict[str, str] = field(default_factory=dict)

    @classmethod
    def build(cls, train: PhotoSet, protocol: Protocol) -> TrainingSample:
        """Read the sample's photos once.

        Raises
        ------
        UserError
            If no training photo can be decoded.
        """
        sample = train.sample(protocol.training_sample, np.random.default_rng(0))
        entries: list[Entry] = []
        planes: list[tuple[NDArray[np.float32], int]] = []

        def photos() -> Iterator[RGB]:
            for photo in sample:
                entries.append(photo.entry)
                lightness, _ = protocol.hide(photo.rgb)
                planes.append((describe(lightness), look(lightness)))
                yield photo.rgb

        prior = ab_prior(photos())
        if not entries:
            reasons = ", ".join(f"{photo} ({why})" for photo, why in [*sample.failures.items()][:NAMED])
            raise UserError(f"no training photo can be decoded: {reasons}")
        descriptors, looks = zip(*planes, strict=True)
        pool = ReferencePool(entries, np.stack(descriptors), np.array(looks, np.uint64))
        return cls(pool, prior, sample.failures)

    def save(self, path: Path) -> None:
        """Write the sample atomically as ``path``, an ``.npz`` file."""
        pool = self.references
        entries = np.array(json.dumps([asdict(entry) for entry in pool.entries]))
        with atomic(path) as partial:
            np.savez(
                partial,
                entries=entries,
                descriptors=pool.descriptors,
                looks=pool.looks,
                prior=self.prior,
                failures=np.array(json.dumps(self.failures)),
            )

    @classmethod
    def load(cls, path: Path) -> TrainingSample:
        """Read a sample from `save`.

        Raises
        ------
        UserError
            If the file is missing or damaged.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                entries = [Entry(**entry) for entry in json.loads(str(stored["entries"]))]
                failures = json.loads(str(stored["failures"]))
                pool = ReferencePool(entries, stored["descriptors"], stored["looks"])
                return cls(pool, stored["prior"], failures)
        except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise UserError(f"'{path}' is missing or damaged; run the benchmark again: {error}") from error
