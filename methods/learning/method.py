"""The base class of methods that train a network; torch is imported only when one fits or loads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ... import UserError
from ...datasets.base import RGB
from ...datasets.photos import PhotoSet
from ..base import Budget, Chroma, Context, Lightness, Method
from ..contract import Contract, Input, Output, Portable
from ..pretrained.imagenet import find_weights
from .pretrained import (
    BACKBONES,
    DEFAULT_BACKBONE,
    BackboneParameters,
    Finder,
    PretrainedPart,
    WeightsParameters,
    candidates,
    files_of,
    first_found,
    lacking,
)
from .schedule import Schedule, Schedules

if TYPE_CHECKING:
    from .inference import TrainedNetwork
    from .learner import Learner
    from .network import ColorNetwork
    from .training import Training


class DeepMethod(Method):
    """A method that trains a network.

    A subclass sets `info` and `schedules` and implements `build_network`. By default the network lowers its
    own loss with one optimizer (`SupervisedParameters`); `build_learner` and `train_network` can be replaced.
    """

    schedules: ClassVar[Schedules]

    class Parameters(Method.Parameters):
        """Parameters that all trained methods share; ``None`` takes the budget's value."""

        size: int | None = Field(
            None, ge=16, multiple_of=16, description="side in pixels for training and prediction"
        )
        epochs: int | None = Field(None, ge=1, description="passes over the training photos")
        batch: int | None = Field(None, ge=1, description="photos per step")
        photos: int | None = Field(None, ge=1, description="number of training photos at most")
        learning_rate: float | None = Field(
            None, gt=0, description="learning rate at the start; with rates=one-cycle, the highest"
        )
        patience: int | None = Field(
            None,
            ge=1,
            description="epochs without improvement before training stops; None: never stops early",
        )
        keep: Literal["best", "last"] = Field(
            "best", description="epoch to keep: the best by AuC on validation photos, or the last"
        )
        average: float | None = Field(
            None, ge=0, lt=1, description="decay of the moving average of the weights that is kept; 0: none"
        )
        recalibrate: bool | None = Field(
            None, description="recalibrate batch statistics before weights are scored"
        )
        flip: bool = Field(True, description="mirror training photos at random")
        near_grey: bool = Field(False, description="train on near-grey photos too")
        precision: Literal["fp32", "bf16"] | None = Field(
            None, description="precision of training; None: bf16 if the device has matrix instructions for it"
        )

    parameters: Parameters

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self.choices: dict[str, str] = {}
        #: Looks once for the weights of each network, so that what is loaded is what the key covers.
        self.find_weights: Finder = cache(find_weights)
        self._trained: TrainedNetwork | None = None
        self._train_photos: int | None = None

    @property
    def backbone(self) -> str:
        """Timm's name of the encoder, for a method that has one."""
        assert isinstance(self.parameters, BackboneParameters)
        return self.parameters.backbone or self.choices.get("backbone", DEFAULT_BACKBONE)

    def choose(self, context: Context) -> dict[str, str]:
        """Return what a fit decides before it builds the network, such as its backbone, as facts for `notes`.

        They are kept with the model, and are in `choices` whenever `build_network` is called.
        """
        chosen = self.parameters
        if not isinstance(chosen, BackboneParameters):
            return {}
        where = chosen.weights if isinstance(chosen, WeightsParameters) else "none"
        if chosen.backbone or context.budget != "long" or where == "none":
            return {"backbone": chosen.backbone or DEFAULT_BACKBONE}
        found = first_found(candidates(None, where, BACKBONES), where, self.find_weights)
        return {"backbone": found or DEFAULT_BACKBONE}

    @abstractmethod
    def build_network(self, size: int) -> ColorNetwork:
        """Return a new network for squares of side ``size``, initialised from torch's random state."""

    def pretrained(self) -> PretrainedPart | None:
        """Return the part that may start from pretrained weights, by default the chosen backbone."""
        chosen = self.parameters
        if isinstance(chosen, BackboneParameters) and isinstance(chosen, WeightsParameters):
            return PretrainedPart("backbone.features", self.backbone, chosen.weights)
        return None

    def prepare(self, network: ColorNetwork, photos: Iterable[RGB], context: Context) -> dict[str, str]:
        """Load pretrained weights into a new network on the CPU and show it the training photos.

        The photos are uint8 (size, size, 3) each; the context is that of `fit`. Returns facts for `notes`.
        """
        part = self.pretrained()
        notes: dict[str, str] = {}
        if part is not None:
            notes["backbone weights"] = part.load_into(network, self.find_weights)
        network.begin_with(photos)
        return notes

    def build_learner(self, training: Training) -> Learner:
        """Return the training step, for a network that is on its device."""
        return training.supervised()

    def train_network(self, training: Training) -> None:
        """Train the network; it is prepared and on its device."""
        training.run(self.build_learner(training))

    def prediction_size(self, plan: Schedule, budget: Budget) -> int:
        """Return the side at which the network colorizes, by default the side of training."""
        return plan.size

    def smaller_sides(self, size: int) -> dict[int, str]:
        """Return the sides below ``size``, ascending, at which the network would need less memory.

        Each comes with the parameter that sets it, as the user would write it.
        """
        return {side: f"size={side}" for side in range(16, size, 16)}

    def schedule(self, budget: Budget) -> Schedule:
        """Return the budget's schedule with the parameters that replace its values."""
        names = {field.name for field in fields(Schedule)}
        chosen = self.parameters.model_dump(include=names, exclude_none=True)
        if "epochs" in chosen:
            chosen["min_steps"] = 0
        planned: Schedule = replace(getattr(self.schedules, budget), **chosen)
        grows = planned.start_size is not None and planned.start_size < planned.size
        return planned if grows else replace(planned, start_size=None)

    @property
    def files(self) -> tuple[Path, ...]:
        """Files of pretrained weights on this machine that a fit may use; the budget decides which."""
        return super().files + files_of(*self._backbones(), self.find_weights)

    @property
    def missing_weights(self) -> tuple[str, ...]:
        """The backbone whose pretrained weights would be used first, if they are not on this machine."""
        return lacking(*self._backbones(), self.find_weights)

    def fit(self, train: PhotoSet, validation: PhotoSet, context: Context) -> None:
        """Train the network; resumes from ``context.checkpoints`` if an earlier fit was interrupted.

        Raises `UserError` if there are no training photos, if a loss or gradient is not finite, or if a
        checkpoint belongs to another training.
        """
        from .training import prepared_training  # imports torch

        with prepared_training(self, train, validation, context) as training:
            self._trained = training.trained
            self._train_photos = len(training.chosen)
            self.train_network(training)

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Predict at the prediction size and resize the chroma to the photos' own size.

        Raises `UserError` if the method is not trained, or if memory runs out; the message then names the
        largest of `smaller_sides` that fits.
        """
        trained = self._trained_network()
        return trained.colorize(lightness, context, self.smaller_sides(trained.size))

    def save(self, folder: Path) -> None:
        """Write weights, size and notes to ``folder/network.safetensors``."""
        self._trained_network().save(folder)

    def load(self, folder: Path) -> None:
        """Read back what `save` wrote.

        Raises `UserError` if the weights do not fit the network.
        """
        from .inference import TrainedNetwork  # imports torch

        def build(size: int, notes: dict[str, str]) -> ColorNetwork:
            self.choices = notes
            return self.build_network(size)

        self._trained = TrainedNetwork.load(folder, build, self.info.name)

    @property
    def network_size(self) -> int | None:
        """Side in pixels of the squares at which its network works, first that of its training.

        Raises `UserError` if it is not trained, or when set to a side that is not a multiple of `side_step`.
        """
        return self._trained_network().size

    @network_size.setter
    def network_size(self, size: int) -> None:
        trained, step = self._trained_network(), self.side_step
        if size < step or size % step:
            near = dict.fromkeys(max(step, side) for side in (size // step * step, -(-size // step) * step))
            raise UserError(
                f"{self.info.name} works at multiples of {step} pixels, not at {size}: "
                f"give {' or '.join(map(str, near))}"
            )
        trained.size = size

    @property
    def side_step(self) -> int:
        """The smallest side in pixels at which its trained network works; it takes all multiples of it."""
        return 16

    @property
    def parameter_count(self) -> int:
        """Number of weights of the network, including frozen ones."""
        network = self._trained.network if self._trained else self.build_network(self.schedule("paper").size)
        return sum(weight.numel() for weight in network.parameters())

    def portable(self) -> Portable:
        """Return the network from L* to a*b*, at the side at which it colorizes.

        Raises `UserError` if it is not trained.
        """
        from .inference import LightnessToChroma  # imports torch

        trained = self._trained_network()
        contract = Contract(input=Input(name="lightness", size=trained.size), output=Output(name="ab"))
        return Portable(trained.network, LightnessToChroma(trained.network), contract)

    @property
    def train_photos(self) -> int | None:
        """Number of photos that the last `fit` learned from, without those that its parameters left out."""
        return self._train_photos

    @property
    def notes(self) -> dict[str, str]:
        """Facts about the training, such as its precision and the pretrained weights."""
        return dict(self._trained.notes) if self._trained else {}

    def _backbones(self) -> tuple[Sequence[str], str]:
        """Return the encoders that may start from pretrained weights, best first, and where to look."""
        chosen = self.parameters
        if not (isinstance(chosen, BackboneParameters) and isinstance(chosen, WeightsParameters)):
            return (), "none"
        return candidates(chosen.backbone, chosen.weights, BACKBONES), chosen.weights

    def _trained_network(self) -> TrainedNetwork:
        if self._trained is None:
            raise UserError(f"{self.info.name} is not trained: call fit or load before colorize or save")
        return self._trained
