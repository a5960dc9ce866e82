"""The contract of a method: typed parameters, ``fit`` and ``colorize``; and what an author needs besides."""

from __future__ import annotations

import hashlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from .. import UserError
from ..datasets.base import RGB
from ..datasets.photos import PhotoSet
from ..plugins import Registry
from ..wording import describe_faults
from . import Budget as Budget  # noqa: PLC0414  # offered here too
from .contract import Portable
from .hints import Hints as Hints  # noqa: PLC0414
from .info import MethodInfo as MethodInfo  # noqa: PLC0414

Lightness = NDArray[np.float32]
"""CIE L*, float32, shape (N, H, W), 0…100."""

Chroma = NDArray[np.float32]
"""CIE a*b*, D65, float32, shape (N, H, W, 2)."""


@dataclass(frozen=True)
class Epoch:
    """One point of a training curve.

    Attributes
    ----------
    epoch
        Number of the epoch, counted from 1.
    epochs
        Number of epochs in all.
    split
        ``train`` or ``validation``.
    loss
        Mean loss over the epoch, in the method's own unit.
    accuracy
        Share of pixels whose chroma lies within 10 of the true chroma, 0…1.
    """

    epoch: int
    epochs: int
    split: Literal["train", "validation"]
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Context:
    """The engine's data and callbacks, passed to a method so that it never imports the engine.

    Attributes
    ----------
    seed
        The run's seed; every random choice must come from it through `rng`.
    device
        ``cpu`` or ``cuda``.
    budget
        How long training may take: ``smoke`` only proves that it runs, ``quick`` takes minutes on a CPU,
        ``long`` about 90 minutes on two cores, ``paper`` trains as long as the paper.
    threads
        Number of threads that the method may use; already set for Numba, BLAS and torch.
    references
        One colour photo per target, uint8 (N, H, W, 3), for methods that need references; else ``None``.
    true_chroma
        The hidden chroma, float32 (N, H, W, 2), for oracles; else ``None``. An exemplar method has it of key
        frames, and NaN in all other frames.
    hints
        The colour hints, for methods that use them; ``None`` if none are given.
    checkpoints
        Folder that survives an interrupted `Method.fit`, or ``None``.
    progress
        Called with the amount done, the total and the activity: ``progress(3, 10, "decoding")``.
    log_epoch
        Called once per epoch and split; fills the curves table.
    validate
        Called with a method; colorizes validation photos under the protocol and returns the mean AuC.
    """

    seed: int = 0
    device: str = "cpu"
    budget: Budget = "quick"
    threads: int = 1
    references: RGB | None = None
    true_chroma: Chroma | None = None
    hints: Hints | None = None
    checkpoints: Path | None = None
    progress: Callable[[int, int, str], None] = lambda done, total, what: None  # noqa: ARG005
    log_epoch: Callable[[Epoch], None] = lambda epoch: None  # noqa: ARG005
    validate: Callable[[Method], float] | None = None

    def rng(self, content: NDArray[np.generic] | None = None) -> np.random.Generator:
        """Return a random generator that depends on the seed and, if given, on the content of an array.

        Drawing from each photo's own lightness makes the result independent of batch and order.
        """
        if content is None:
            return np.random.default_rng(self.seed)
        digest = hashlib.sha256(np.ascontiguousarray(content).tobytes()).digest()
        return np.random.default_rng([self.seed, *np.frombuffer(digest, np.uint32).tolist()])


class Method(ABC):
    """A way to colorize photos.

    A subclass sets `info`, may replace `Parameters`, and implements `colorize`. A subclass that learns also
    implements `fit`, and lists in `fitted` the array attributes that `fit` sets; `save` and `load` need
    nothing more.

    Parameters
    ----------
    parameters
        Values for `Parameters`; the others keep their defaults.

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

        @field_validator("*")
        @classmethod
        def _without_tilde(cls, value: object) -> object:
            return value.expanduser() if isinstance(value, Path) else value

    parameters: Parameters

    def __init__(self, /, **parameters: object) -> None:
        self.parameters = self.Parameters(**parameters)

    def missing(self) -> str:
        """Return why it cannot run here, in one line that says what to do, or ``""`` if it can."""
        return ""

    @property
    def files(self) -> tuple[Path, ...]:
        """Files and folders other than photos that it reads, such as pretrained weights.

        Their content is part of a result's key. By default, all paths among the parameters; a method that
        reads more adds it to ``super().files``. `bench check` finds files that are missing here.

        Raises
        ------
        UserError
            If a parameter names a file that does not exist.
        """
        return tuple(_paths(dict(self.parameters)))

    @property
    def missing_weights(self) -> tuple[str, ...]:
        """Names for ``bench weights get`` of pretrained weights that it would use and that are not here.

        It runs without them; a run says how to fetch them. One that cannot says so in `missing`.
        """
        return ()

    def fit(self, train: PhotoSet, validation: PhotoSet, context: Context) -> None:  # noqa: B027
        """Learn from the training photos; the default learns nothing."""

    def start(self) -> None:  # noqa: B027
        """Begin a clip: a method with `MethodInfo.temporal` forgets the frames before.

        Afterwards `colorize` is called with the clip's frames, in order, in chunks of any size. A photo is a
        clip of one frame. What is kept from frame to frame must not grow with the clip.
        """

    @abstractmethod
    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Predict the chroma of a batch of photos.

        Parameters
        ----------
        lightness
            float32 (N, H, W), 0…100; must not be changed.
        context
            Seed, device, threads and, for methods that need them, reference photos.

        Returns
        -------
        numpy.ndarray
            float32 (N, H, W, 2), finite. A photo's chroma must not depend on the rest of its batch; that of
            a temporal method's frame depends on the frames before it, however they are cut into chunks.
        """

    def trained_on(self, sha256: str) -> bool:
        """Return whether weights that it ships were trained on the photo with this SHA-256; by default no.

        A run that scores such photos says so.
        """
        return False

    def save(self, folder: Path) -> None:
        """Write what `fit` learned into ``folder``."""
        np.savez(folder / "state.npz", **{name: getattr(self, name) for name in self.fitted})

    def load(self, folder: Path) -> None:
        """Load what `save` wrote."""
        with np.load(folder / "state.npz", allow_pickle=False) as state:
            for name in self.fitted:
                setattr(self, name, state[name])

    @property
    def network_size(self) -> int | None:
        """Side in pixels of the squares at which its network works: by default its parameter ``size``.

        It is ``None`` for a method without one. Setting it raises `UserError` if the method cannot work at
        that size.
        """
        return getattr(self.parameters, "size", None)

    @network_size.setter
    def network_size(self, size: int) -> None:
        try:
            self.parameters = self.Parameters(**{**dict(self.parameters), "size": size})
        except ValidationError as error:
            raise UserError(f"{self.info.name}: {describe_faults(error)}, not {size}") from error

    @property
    def key_frame_every(self) -> int:
        """Frames from one key frame to the next, for an exemplar method: by default its parameter ``every``.

        It is 0 for all other methods.
        """
        return getattr(self.parameters, "every", 0) if self.info.family == "exemplar" else 0

    @property
    def parameter_count(self) -> int | None:
        """Number of learned weights: by default those of the torch modules among its attributes.

        ``None`` means unknown; a baseline or classical method without modules has 0.
        """
        torch = sys.modules.get("torch")  # slow to import, and no module exists without it
        kinds = (torch.nn.Module,) if torch else ()
        modules = [value for value in vars(self).values() if isinstance(value, kinds)]
        if modules:
            return sum(int(weight.numel()) for module in modules for weight in module.parameters())
        return None if self.info.family in ("deep", "published") else 0

    def portable(self) -> Portable | None:
        """Return its network for a file, see ``bench export``; by default ``None``: there is none.

        Raises
        ------
        UserError
            If it is not trained, if its weights are missing, or if a parameter asks for what no contract can
            say.
        """
        return None

    @property
    def train_photos(self) -> int | None:
        """Number of photos that the last `fit` learned from; ``None`` means all that can be decoded."""
        return None

    @property
    def notes(self) -> dict[str, str]:
        """Facts about this fit for its table row and the report: ``{"backbone weights": "none"}``."""
        return {}


def _paths(value: object) -> Iterator[Path]:
    """Yield the paths in a parameter's value, including those in lists and dictionaries."""
    match value:
        case Path():
            yield value
        case dict():
            yield from _paths(list(value.values()))
        case list() | tuple() | set() | frozenset():
            for each in value:
                yield from _paths(each)


methods: Registry[type[Method]] = Registry(
    "method",
    tuple(
        f"huebench.methods.{folder}"
        for folder in ("baseline", "classical", "deep", "from_file", "published", "temporal")
    ),
    "huebench.methods",
)

M = TypeVar("M", bound=type[Method])


def register(cls: M) -> M:
    """Register a method class under its ``info.name``; use as a decorator.

    Raises
    ------
    UserError
        If the name is taken, or if `Method.Parameters` is not inherited.
    """
    if not issubclass(cls.Parameters, Method.Parameters):
        raise UserError(f"method '{cls.info.name}': its Parameters must inherit from Method.Parameters")
    methods.register(cls.info.name, cls)
    return cls
