"""The base class of published networks; torch is imported only when one colorizes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ... import UserError
from ...files import file_digest
from ..base import Chroma, Context, Hints, Lightness, Method
from ..contract import Contract, Portable
from ..memory import OutOfMemoryError, largest_fitting, runs_out_of_memory
from .checkpoint import Checkpoint

if TYPE_CHECKING:
    from torch import nn

Planes = NDArray[np.float32]

Run = Callable[..., Planes]
"""Runs a network: takes arrays, float32 or bool, in the order of its arguments, and returns its output."""

LIMIT = 110.0
"""Chroma is clipped to ±110: no sRGB colour lies beyond."""


class PublishedMethod(Method):
    """A network with the weights that its authors published, and with their way of using it.

    A subclass sets `info` and `checkpoints`, and implements `build_network` and `colorize_photo`; one that
    states a `contract` can be exported. Photos are colorized one at a time, as the authors' codes do. The
    protocol merges the chroma with the photo's own lightness. Nothing is trained.
    """

    #: The published weights, by their value of the parameter ``weights``; the first one is the default
    checkpoints: ClassVar[dict[str, Checkpoint]]

    class Parameters(Method.Parameters):
        """Where the weights are, and how the network computes."""

        weights: str = Field("auto", description="the published weights: a file, a folder, or auto")
        precision: Literal["fp32", "bf16"] = Field(
            "fp32",
            description="bf16 is faster where the device has instructions for it, and changes colours a bit",
        )

    parameters: Parameters

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self._run: Run | None = None

    @abstractmethod
    def build_network(self) -> nn.Module:
        """Return the network, under the entry names of the published files."""

    @abstractmethod
    def colorize_photo(self, lightness: Planes, run: Run, side: int, hints: Hints | None = None) -> Planes:
        """Return one photo's chroma, float32 (H, W, 2).

        Parameters
        ----------
        lightness
            L*, float32 (H, W), 0…100.
        run
            Runs the network.
        side
            Side in pixels at which it runs.
        hints
            The photo's colour hints, if the network takes any, or ``None``.
        """

    @property
    def contract(self) -> Contract | None:
        """What `colorize_photo` does without hints, as the contract of a file; by default ``None``: unstated.

        Raises `UserError` if a parameter asks for what no contract can say.
        """
        return None

    def as_declared(self, network: nn.Module) -> nn.Module:
        """Return what takes and gives what `contract` declares: by default the network itself."""
        return network

    @property
    @abstractmethod
    def side(self) -> int:
        """Side in pixels of the square that the network sees."""

    def smaller_sides(self) -> dict[int, str]:
        """Return sides below `side`, ascending, each with the parameter that sets it; for advice."""
        return {}

    @property
    def checkpoint(self) -> Checkpoint:
        """The chosen weights."""
        default = next(iter(self.checkpoints.values()))
        return self.checkpoints.get(self.parameters.weights, default)

    @cached_property
    def path(self) -> Path | None:
        """The file of the weights, or ``None`` if it is not on this machine.

        Raises `UserError` if the parameter names a path without such a file.
        """
        where = self.parameters.weights
        if where not in {*self.checkpoints, "auto", "none"} and not Path(where).exists():
            names = ", ".join(dict.fromkeys((*self.checkpoints, "auto")))
            raise UserError(f"{self.info.name}: no weights '{where}': give {names}, or a file or a folder")
        return self.checkpoint.find("auto" if where in self.checkpoints else where)

    def missing(self) -> str:
        """Return the command that fetches the weights, or ``""`` if they are here."""
        return "" if self.path else self.checkpoint.missing()

    @property
    def files(self) -> tuple[Path, ...]:
        """The file of the weights."""
        return (*super().files, *([self.path] if self.path else []))

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Colorize photos one at a time.

        Raises
        ------
        UserError
            If the weights are missing, or are of another network.
        OutOfMemoryError
            If memory runs out; the message says which parameter would fit, if there is one.
        """
        from ..threads import limit_threads  # imports torch

        chroma = np.empty((*lightness.shape, 2), np.float32)
        with limit_threads(context.threads):
            run = self._run = self._run or self._open(context)
            for i, plane in enumerate(lightness):
                hints = context.hints[i] if context.hints is not None else None
                chroma[i] = self._within_memory(plane, hints, run, context).clip(-LIMIT, LIMIT)
        return chroma

    def save(self, folder: Path) -> None:
        """Write nothing: the weights are a file already."""

    def load(self, folder: Path) -> None:
        """Read nothing; see `save`."""

    def portable(self) -> Portable | None:
        """Return the network without hints, if it has a `contract`.

        Raises `UserError` if the weights are missing or are of another network, or if a parameter asks for
        what no contract can say.
        """
        contract = self.contract
        if contract is None:
            return None
        if self.parameters.precision != "fp32":
            raise UserError(
                f"{self.info.name}: no contract has precision={self.parameters.precision}: export it without"
            )
        network = self._loaded()
        return Portable(network, self.as_declared(network), contract)

    @property
    def parameter_count(self) -> int:
        """Number of weights of the network."""
        import torch

        with torch.device("meta"):
            network = self.build_network()
        return sum(weight.numel() for weight in network.parameters())

    @property
    def notes(self) -> dict[str, str]:
        """The file of the weights, its digest, and whether that is a published one."""
        if self.path is None:
            return {}
        digest = file_digest(self.path)
        published = [each.name for each in self.checkpoints.values() if digest in each.digests]
        unlike = (
            "differs from the published file" if self.checkpoint.digests else "published digest not known"
        )
        return {
            "weights": self.path.name,
            "weights sha256": digest[:16],
            "weights checked": f"as published: {published[0]}" if published else unlike,
        }

    def _open(self, context: Context) -> Run:
        from .running import runner  # imports torch

        return runner(self._loaded(), context.device, self.parameters.precision)

    def _loaded(self) -> nn.Module:
        from .reading import load_strictly, read_weights  # imports torch

        if self.path is None:
            raise UserError(f"{self.info.name}: {self.missing()}")
        network = self.build_network()
        load_strictly(network, read_weights(self.path), self.path, self.info.name)
        return network

    def _within_memory(self, plane: Planes, hints: Hints | None, run: Run, context: Context) -> Planes:
        answers: list[Planes] = []

        def attempt(side: int) -> bool:
            """Return whether the photo can be colorized at a side."""
            return not runs_out_of_memory(
                lambda: answers.append(self.colorize_photo(plane, run, side, hints))
            )

        if attempt(self.side):
            return answers[0]
        smaller = self.smaller_sides()
        largest = largest_fitting(list(smaller), attempt)
        advice = (
            "free memory, or use another device" if largest is None else f"{smaller[largest]} would fit now"
        )
        raise OutOfMemoryError(
            f"the memory of the {context.device} is too small for {self.info.name} at {self.side}²: {advice}"
        )


class SquareMethod(PublishedMethod):
    """A published network that works at squares of many sides; a subclass states the default of ``size``."""

    #: Every side is a multiple of this
    step: ClassVar[int]

    class Parameters(PublishedMethod.Parameters):
        """The weights and the size."""

        size: int = Field(description="side in pixels of the network's input")

    parameters: Parameters

    @property
    def side(self) -> int:
        """The parameter ``size``."""
        return self.parameters.size

    def smaller_sides(self) -> dict[int, str]:
        """Return the smaller sizes."""
        return {side: f"size={side}" for side in range(self.step, self.side, self.step)}
