"""What a method is: metadata, typed parameters, ``fit`` and ``colorize``."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from .. import UserError
from ..datasets.base import RGB
from ..datasets.photos import PhotoSet
from ..plugins import Registry
from . import Budget as Budget  # noqa: PLC0414  # offered here too

Lightness = NDArray[np.float32]
"""CIE L*, float32, shape (N, H, W), 0…100."""

Chroma = NDArray[np.float32]
"""CIE a*b*, D65, float32, shape (N, H, W, 2)."""

Family = Literal["baseline", "classical", "deep"]
FAMILIES: tuple[Family, ...] = get_args(Family)


@dataclass(frozen=True)
class MethodInfo:
    """What stands of a method in ``bench list methods``, in the tables and in the report.

    Attributes
    ----------
    name
        Kebab-case, unique; what ``--methods`` takes.
    family
        ``baseline``, ``classical`` or ``deep``.
    source
        Citation of the paper or the place it comes from.
    trainable
        Whether `Method.fit` learns something from the training photos.
    reference
        Whether `Context.references` must hold a colour photo a target, which the protocol chooses from
        the training split: ``similar`` by lightness, or ``random``.
    oracle
        Whether `Context.true_chroma` must hold the hidden chroma: an oracle, never a competitor.
    temporal
        Whether it carries state from frame to frame of a video.
    all_threads
        Whether its numbers depend on the number of threads, so that it always gets all of them.
    requires
        Modules beyond the package's own dependencies, each with the extra that brings it:
        ``{"faiss": "bench"}``.
    """

    name: str
    family: Family
    source: str
    trainable: bool = False
    reference: Literal["none", "similar", "random"] = "none"
    oracle: bool = False
    temporal: bool = False
    all_threads: bool = False
    requires: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Epoch:
    """A point of a training curve.

    Attributes
    ----------
    epoch
        Counted from 1.
    epochs
        How many there will be.
    split
        ``train`` or ``validation``.
    loss
        Mean loss over the epoch, in the method's own unit.
    accuracy
        Share of pixels whose chroma lies within 10 of the truth, 0…1.
    """

    epoch: int
    epochs: int
    split: Literal["train", "validation"]
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Context:
    """What the engine hands to a method, so that a method never imports the engine.

    Attributes
    ----------
    seed
        The run's seed; every random choice comes from it through `rng`.
    device
        ``cpu`` or ``cuda``.
    budget
        How long training may be: ``smoke`` proves that it runs, ``quick`` fits into minutes on a CPU,
        ``paper`` is the paper's own.
    threads
        How many threads it may use; already set for Numba, BLAS and torch.
    references
        For methods that need one, a colour photo a target: uint8 (N, H, W, 3); else ``None``.
    true_chroma
        For oracles, the hidden chroma: float32 (N, H, W, 2); else ``None``.
    checkpoints
        Folder that outlives an interrupted `Method.fit`, or ``None``.
    progress
        Called with what is done, of how much, and a word on what: ``progress(3, 10, "decoding")``.
    log_epoch
        Called once a split an epoch; makes the curves table.
    validate
        Called with a method, colorizes validation photos under the protocol and returns the mean AuC.
    """

    seed: int = 0
    device: str = "cpu"
    budget: Budget = "quick"
    threads: int = 1
    references: RGB | None = None
    true_chroma: Chroma | None = None
    checkpoints: Path | None = None
    progress: Callable[[int, int, str], None] = lambda done, total, what: None  # noqa: ARG005
    log_epoch: Callable[[Epoch], None] = lambda epoch: None  # noqa: ARG005
    validate: Callable[[Method], float] | None = None

    def rng(self, content: NDArray[np.generic] | None = None) -> np.random.Generator:
        """Return a generator that depends on the seed and, where given, on an array's content.

        Drawing per photo from its own lightness makes the answer independent of batch and order.
        """
        if content is None:
            return np.random.default_rng(self.seed)
        digest = hashlib.sha256(np.ascontiguousarray(content).tobytes()).digest()
        return np.random.default_rng([self.seed, *np.frombuffer(digest, np.uint32).tolist()])


class Method(ABC):
    """A way to give a photo its colour back.

    A subclass sets `info`, may replace `Parameters`, and implements `colorize`; one that learns also
    implements `fit` and names in `fitted` the array attributes that `fit` sets, which is all that
    `save` and `load` need.

    Parameters
    ----------
    parameters
        Values for `Parameters`; anything left out takes its default.

    Raises
    ------
    pydantic.ValidationError
        If a parameter is unknown or out of range.
    """

    info: ClassVar[MethodInfo]
    fitted: ClassVar[tuple[str, ...]] = ()

    class Parameters(BaseModel):
        """The method's parameters, typed, with defaults and ranges."""

        model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: Parameters

    def __init__(self, /, **parameters: object) -> None:
        self.parameters = self.Parameters(**parameters)

    def missing(self) -> str:
        """Return why these parameters cannot run here, as one line that says what to do, or ``""``."""
        return ""

    @property
    def files(self) -> tuple[Path, ...]:
        """Files besides photos that it learns or colorizes from: another content is another result.

        Raises
        ------
        UserError
            If a parameter names one that is not there.
        """
        return ()

    def fit(self, train: PhotoSet, validation: PhotoSet, context: Context) -> None:  # noqa: B027
        """Learn from the training photos; the default learns nothing."""

    @abstractmethod
    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return the chroma of some photos.

        Parameters
        ----------
        lightness
            float32 (N, H, W), 0…100; must not be changed.
        context
            Seed, device, threads and, where asked for, reference photos.

        Returns
        -------
        numpy.ndarray
            float32 (N, H, W, 2), finite; a photo's answer does not depend on its batch.
        """

    def save(self, folder: Path) -> None:
        """Write what `fit` learned into ``folder``."""
        np.savez(folder / "state.npz", **{name: getattr(self, name) for name in self.fitted})

    def load(self, folder: Path) -> None:
        """Read back what `save` wrote."""
        with np.load(folder / "state.npz", allow_pickle=False) as state:
            for name in self.fitted:
                setattr(self, name, state[name])

    @property
    def parameter_count(self) -> int:
        """Number of learned weights, 0 for a method without any."""
        return 0

    @property
    def notes(self) -> dict[str, str]:
        """Facts for the method's row and the report: ``{"backbone weights": "none"}``."""
        return {}


methods: Registry[type[Method]] = Registry(
    "method",
    tuple(f"huebench.methods.{folder}" for folder in ("baseline", "classical", "deep", "published")),
    "huebench.methods",
)

M = TypeVar("M", bound=type[Method])


def register(cls: M) -> M:
    """Register a method class under its ``info.name``; use as a decorator.

    Raises
    ------
    UserError
        If the name is taken, the family is none of `FAMILIES`, or `Method.Parameters` is not inherited.
    """
    if cls.info.family not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise UserError(f"method '{cls.info.name}': family '{cls.info.family}' is none of {known}")
    if not issubclass(cls.Parameters, Method.Parameters):
        raise UserError(f"method '{cls.info.name}': its Parameters must inherit from Method.Parameters")
    methods.register(cls.info.name, cls)
    return cls
