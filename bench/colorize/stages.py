"""Measures where the time of a photo goes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal

Stage = Literal["decode", "network", "upsample", "encode"]

STAGES: Final[tuple[Stage, ...]] = ("decode", "network", "upsample", "encode")
"""The stages that are timed; "network" is the call of the method, and "upsample" all that makes RGB of it."""


class Stages:
    """Seconds that a photo spent in each stage, without waiting for others."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        """Add the time inside the block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - start


class Total:
    """The time of many photos."""

    def __init__(self) -> None:
        self._photos = 0
        self._seconds = 0.0
        self._stages = dict.fromkeys(STAGES, 0.0)

    def add(self, seconds: float, stages: Mapping[str, float]) -> None:
        """Add a photo."""
        self._photos += 1
        self._seconds += seconds
        for stage in STAGES:
            self._stages[stage] += stages[stage]

    def text(self, wall: float) -> str:
        """Return photos per second of ``wall`` seconds, and the share of the photos' time in each stage.

        What is left, such as looking for warnings and waiting for another photo's network, is "other".
        """
        if not self._seconds:
            return "no times: no photo was colorized, and those of films are not measured"
        shares: dict[str, float] = {stage: seconds / self._seconds for stage, seconds in self._stages.items()}
        shares["other"] = max(0.0, 1 - sum(shares.values()))
        return f"{self._photos / wall:.2f} photos/s: " + ", ".join(
            f"{stage} {share:.0%}" for stage, share in shares.items()
        )
