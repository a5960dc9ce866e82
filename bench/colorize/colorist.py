"""The methods that colorize a user's photos: by name, from a run, or from an exported model."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ... import UserError
from ...datasets.base import RGB, Entry
from ...files import file_digest
from ...methods.base import Context, Method, methods
from ...methods.spec import MethodSpec, label, parse_specs
from ...plugins import RAISED
from ..cell.colorizer import InProcess, MethodInput
from ..cell.pipeline import References
from ..fitting import context_of, fitted
from ..plan.photos import open_split
from ..plan.request import Request
from ..plan.resolve import protocol_of, resolve
from ..protocol.protocol import Protocol
from ..protocol.training_sample import TrainingSample

DEFAULT: Final = "huebench-small"
"""The method that colorizes if none is named; it is shipped with its weights."""

LIGHT: Final = 20_000_000
"""Most weights of a network that works on one thread, while other photos use the others.

For a small network, to wake more threads takes longer than they save.
"""


@dataclass(frozen=True)
class Colorist:
    """A fitted method with all that it needs to colorize a photo.

    Attributes
    ----------
    method
        The method.
    context
        Seed, device, budget and threads.
    protocol
        How reference photos are prepared.
    references
        Chooses the reference photos; ``None`` if the method needs none.
    row
        Name of its row in the run that it comes from; ``""`` if from none.
    """

    method: Method
    context: Context
    protocol: Protocol
    references: References | None = None
    row: str = ""

    @property
    def label(self) -> str:
        """The name of its row in the run that it comes from, else the method with its parameters."""
        return self.row or label(self.method)

    @property
    def size(self) -> int | None:
        """Side in pixels at which the method's network works; ``None`` for other methods."""
        return self.method.network_size

    @property
    def trained(self) -> bool:
        """Whether its colours were learned from photos."""
        info = self.method.info
        return info.trainable or bool(info.weights) or info.family == "deep"

    def digest(self) -> str:
        """Return 12 hex digits of the SHA-256 of its name, parameters, learned weights and files."""
        with tempfile.TemporaryDirectory(prefix="huebench-") as folder:
            self.method.save(Path(folder))
            files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
            parts = [label(self.method), *(f"{path.name} {file_digest(path)}" for path in files)]
        parts += [file_digest(path) for path in self.method.files if path.is_file()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def chroma(
        self, lightness: NDArray[np.float32], reference: RGB | None = None, size: int | None = None,
        *, starts: bool = True,
    ) -> tuple[NDArray[np.float32], float]:  # fmt: skip
        """Predict the chroma of one photo, or of a film's next frame.

        Parameters
        ----------
        lightness
            L* of the upright photo, float32 (H, W), 0…100.
        reference
            Colour photo for a method that needs one, uint8 (H, W, 3); by default the protocol chooses it.
        size
            Side at which the method's network works; ``None`` for that of its training.
        starts
            Whether the method forgets the frames before.

        Returns
        -------
        chroma
            float32 (H, W, 2).
        seconds
            Time of the method's call.
        """
        batch = lightness[None]
        given = MethodInput(batch, self._reference(batch, reference), starts=starts)
        with self.working_at(size):
            answer = InProcess(self.method, self.context)(given)
        return answer.chroma[0], answer.seconds

    @contextmanager
    def working_at(self, size: int | None) -> Iterator[None]:
        """Let the method's network work at a size within a ``with`` block; for `None`, at its own.

        Raises
        ------
        UserError
            If it cannot work at that size.
        """
        usual, parameters = self.size, self.method.parameters
        if not (size and usual):
            yield
            return
        self.method.network_size = size
        try:
            yield
        finally:
            self.method.network_size = usual
            self.method.parameters = parameters

    def choose_reference(self, lightness: NDArray[np.float32]) -> RGB | None:
        """Return the colour photo that all frames of a shot get, uint8 (h, w, 3), if the method needs one.

        Parameters
        ----------
        lightness
            L* of the shot's first frame, float32 (H, W).
        """
        found = self._reference(lightness[None], None)
        return None if found is None else found[0]

    def _reference(self, lightness: NDArray[np.float32], given: RGB | None) -> RGB | None:
        if self.method.info.reference == "none":
            return None
        if given is not None:
            return self.protocol.prepare(given)[None]
        assert self.references is not None  # noqa: S101  # a method that needs references has them
        target = Entry(hashlib.sha256(lightness.tobytes()).hexdigest(), "test", "", "", "")
        return self.references.read(self.references.choose([target], lightness))


def named(text: str, request: Request, *, reference: bool = False) -> list[Colorist]:
    """Return methods by their names; trainable ones are trained first, on the request's dataset.

    Parameters
    ----------
    text
        Names, as for ``bench run --methods``; ``all`` and families leave out what
        cannot colorize a user's photo: oracles, and methods for hints or for clips.
    request
        Dataset, budget, device and seed.
    reference
        Whether the user gives the reference photo, so that none has to be chosen.

    Raises
    ------
    UserError
        If a method is unknown, is an oracle, or cannot be used here.
    """
    request = resolve(request)
    return [of_method(fitted(spec, request), request, reference=reference) for spec in usable_specs(text)]


def usable_specs(text: str) -> list[MethodSpec]:
    """Read names of methods; ``all`` and families leave out what cannot colorize a user's photo."""
    return parse_specs(text, clips=False, hints=False, oracles=False)


def of_method(method: Method, request: Request, *, reference: bool = False) -> Colorist:
    """Return a fitted method with all that it needs to colorize a photo.

    Parameters
    ----------
    method
        The method.
    request
        A resolved request: the dataset to choose references from, device and seed.
    reference
        Whether the user gives the reference photo, so that none has to be chosen.

    Raises
    ------
    UserError
        If the method needs colours that a user's photo lacks.
    """
    sample = None
    if method.info.reference != "none" and not reference:
        sample = TrainingSample.build(open_split(request, "train"), protocol_of(request))
    return equipped(method, context_of(request), request, sample)


def default_name() -> str:
    """Return the method that is used if none is named; raises `UserError` if it is not here."""
    try:
        ready = DEFAULT in methods.items() and not MethodSpec(DEFAULT).missing()
    except RAISED:
        ready = False
    if not ready:
        raise UserError(
            "no method: name one with --method NAME, --from RUN (the best of a run) or --model FOLDER"
        )
    return DEFAULT


def equipped(method: Method, context: Context, request: Request, sample: TrainingSample | None) -> Colorist:
    """Return a fitted method with its protocol and threads, and the references that it chooses from.

    Parameters
    ----------
    method
        The method.
    context
        Seed, device, budget and threads.
    request
        The resolved request that says where the training photos are.
    sample
        Describes these photos; ``None`` if no reference has to be chosen.

    Raises
    ------
    UserError
        If the method needs colours that a user's photo lacks.
    """
    _refuse_oracle(method)
    protocol = protocol_of(request)
    weights = method.parameter_count
    if method.info.family == "deep" and weights is not None and weights <= LIGHT:
        context = replace(context, threads=1)
    if sample is None:
        return Colorist(method, context, protocol)
    train = open_split(request, "train")
    references = References(method.info.reference, sample.references, train, context.seed)
    return Colorist(method, context, protocol, references)


def _refuse_oracle(method: Method) -> None:
    if method.info.family == "hinted":
        raise UserError(f"{method.info.name} only spreads colour hints, which your photos lack")
    if method.info.family == "exemplar":
        raise UserError(f"{method.info.name} only carries on given colour frames, which your films lack")
    if method.info.oracle:
        raise UserError(
            f"{method.info.name} is an oracle: it copies the true colours, which your photos lack"
        )
