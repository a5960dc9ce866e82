"""What every deep method shares: budgets, training, colorizing, saving. torch is imported on first use."""

from __future__ import annotations

import json
from abc import abstractmethod
from dataclasses import asdict, dataclass, replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from ... import UserError
from ...datasets.base import RGB, fingerprint
from ...datasets.photos import PhotoSet
from ..base import Budget, Chroma, Context, Lightness, Method

if TYPE_CHECKING:
    from .data import LabBatches
    from .learner import Learner, Precision
    from .network import ColorNetwork


@dataclass(frozen=True)
class Schedule:
    """How long a budget trains.

    Attributes
    ----------
    size
        Side in pixels at which the network is trained and colorizes.
    epochs
        How often every training photo is seen.
    batch
        Photos a step.
    learning_rate
        Adam's, at the beginning.
    photos
        How many photos are trained on at most; ``None`` takes all.
    min_steps
        Steps to take at least: a set of few photos is seen in more epochs.
    """

    size: int
    epochs: int
    batch: int
    learning_rate: float
    photos: int | None = None
    min_steps: int = 0

    def epochs_for(self, photos: int) -> int:
        """Return the number of epochs over ``photos`` photos.

        Examples
        --------
        >>> Schedule(size=64, epochs=10, batch=40, learning_rate=1e-3, min_steps=100).epochs_for(200)
        20
        >>> Schedule(size=64, epochs=10, batch=40, learning_rate=1e-3, min_steps=100).epochs_for(4000)
        10
        """
        steps_an_epoch = max(1, ceil(photos / self.batch))
        return max(self.epochs, ceil(self.min_steps / steps_an_epoch))


@dataclass(frozen=True)
class Schedules:
    """One schedule a budget."""

    smoke: Schedule
    quick: Schedule
    paper: Schedule


class DeepMethod(Method):
    """A method with a network that the run itself trains.

    A subclass sets `info` and `schedules` and implements `build_network` and `build_learner`; for the latter
    `SupervisedMethod` is what most need.
    """

    schedules: ClassVar[Schedules]

    class Parameters(Method.Parameters):
        """What every deep method lets the user choose; ``None`` means: as the budget says."""

        size: int | None = Field(None, ge=16, multiple_of=16, description="side of training and prediction")
        epochs: int | None = Field(None, ge=1, description="passes over the training photos")
        batch: int | None = Field(None, ge=1, description="photos a step")
        photos: int | None = Field(None, ge=1, description="training photos at most")
        learning_rate: float | None = Field(None, gt=0, description="Adam's learning rate, at the beginning")
        patience: int | None = Field(None, ge=1, description="epochs without improvement before it stops")
        flip: bool = Field(True, description="mirror training photos at random")
        precision: Literal["fp32", "bf16"] | None = Field(
            None, description="of training; None: bf16 where the device has instructions for it, else fp32"
        )

    parameters: Parameters

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self._network: ColorNetwork | None = None
        self._size = 0
        self._notes: dict[str, str] = {}

    @abstractmethod
    def build_network(self, size: int) -> ColorNetwork:
        """Return a new network for squares of side ``size``, with weights from torch's random state."""

    def prepare(self, network: ColorNetwork, packed: RGB, context: Context) -> None:
        """Give a new network what it needs before training: pretrained weights, statistics of the photos.

        Parameters
        ----------
        network
            What `build_network` returned, still on the CPU.
        packed
            The training photos, uint8 (N, size, size, 3).
        context
            As for `fit`.
        """

    @abstractmethod
    def build_learner(self, network: ColorNetwork, plan: Schedule, context: Context) -> Learner:
        """Return what a training step of a schedule does to a network that is on its device."""

    def precision(self, context: Context) -> Precision:
        """Return the precision of training on the context's device.

        Unless it is chosen, a training on the CPU therefore depends on the processor, as it does in its last
        bits anyway; the row says which precision it was.
        """
        from .learner import native_precision

        return self.parameters.precision or native_precision(context.device)

    def schedule(self, budget: Budget) -> Schedule:
        """Return the budget's schedule with what the parameters say instead."""
        fields = {"size", "epochs", "batch", "learning_rate", "photos"}
        chosen = self.parameters.model_dump(include=fields, exclude_none=True)
        if "epochs" in chosen:
            chosen["min_steps"] = 0
        planned: Schedule = getattr(self.schedules, budget)
        return replace(planned, **chosen)

    def fit(self, train: PhotoSet, validation: PhotoSet, context: Context) -> None:
        """Train the network; resumes from ``context.checkpoints`` where an earlier fit was interrupted.

        Raises
        ------
        UserError
            If there are no training photos, if a loss or gradient is not finite, or if a checkpoint belongs
            to another training.
        """
        import torch

        from .parallel import first_alone, joined, processes
        from .reproducible import limited, reproducible

        self._notes = {}
        plan = self.schedule(context.budget)
        device = torch.device(context.device)
        if plan.photos is not None:
            train = train.sample(plan.photos, context.rng())
            validation = validation.sample(plan.photos, context.rng())
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        with (
            joined(device),
            limited(max(1, context.threads // processes())),
            reproducible(context.seed, device),
        ):
            with first_alone():
                packed = train.packed(plan.size)
            epochs = plan.epochs_for(len(packed))
            network = self.build_network(plan.size)
            self._notes["precision"] = self.precision(context)
            self.prepare(network, packed, context)
            network = network.to(device).to(memory_format=torch.channels_last)
            self._network, self._size = network, self.prediction_size(plan, context.budget)
            key = self._training_key(plan, train, context)
            self.train_network(network, train, validation, replace(plan, epochs=epochs), context, key)
            if processes() > 1:
                self._notes["trained on"] = f"{processes()} devices"
        if device.type == "cuda":
            self._notes["peak GPU memory"] = f"{torch.cuda.max_memory_allocated(device) / 2**30:.2f} GiB"

    def prediction_size(self, plan: Schedule, budget: Budget) -> int:
        """Return the side at which the network colorizes: that of training, unless a method knows better."""
        return plan.size

    def smaller_sides(self) -> dict[int, str]:
        """Return the sides, ascending, at which the trained network could colorize in less memory.

        Each with the parameter that asks for it, as the user would write it.
        """
        return {side: f"size={side}" for side in range(16, self._size, 16)}

    def train_network(
        self,
        network: ColorNetwork,
        train: PhotoSet,
        validation: PhotoSet,
        plan: Schedule,
        context: Context,
        key: str,
    ) -> None:
        """Train a network that is on its device, in one stage; a method with several replaces this.

        Parameters
        ----------
        network
            The network; prepared.
        train, validation
            The photos; ``validation`` may be empty.
        plan
            How long, with the epochs counted for these photos.
        context
            As for `fit`.
        key
            What checkpoints must belong to.
        """
        from .trainer import Trainer

        learner = self.build_learner(network, plan, context)
        seen = self.batches(train, plan.size, plan.batch, context)
        shown = self.batches(validation, plan.size, plan.batch, context)
        Trainer(learner, seen, shown, plan.epochs, context, key, self.parameters.patience).run()

    def batches(self, photos: PhotoSet, size: int, batch: int, context: Context) -> LabBatches:
        """Return photos as Lab batches on the context's device; see `LabBatches`."""
        import torch

        from .data import LabBatches
        from .parallel import first_alone

        with first_alone():
            packed = photos.packed(size)
        return LabBatches(packed, batch, torch.device(context.device), flip=self.parameters.flip)

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Predict at the training size and bring the chroma to the photos' own; see `predict`.

        Raises
        ------
        UserError
            If the method is not trained, or if memory runs out: the message says which of `smaller_sides`
            would fit.
        """
        import torch

        from .inference import predict
        from .reproducible import limited

        network = self._trained().to(torch.device(context.device)).to(memory_format=torch.channels_last)
        with limited(context.threads):
            return predict(network, lightness, self._size, self.smaller_sides())

    def save(self, folder: Path) -> None:
        """Write weights, size and notes to ``folder/network.safetensors``."""
        from safetensors.torch import save_file

        state = {name: tensor.contiguous() for name, tensor in self._trained().state_dict().items()}
        facts = {"size": self._size, "notes": self._notes}
        save_file(state, folder / "network.safetensors", {"huebench": json.dumps(facts)})

    def load(self, folder: Path) -> None:
        """Read back what `save` wrote.

        Raises
        ------
        UserError
            If the weights are another network's.
        """
        from safetensors import safe_open

        path = folder / "network.safetensors"
        with safe_open(path, "pt") as file:
            facts: dict[str, Any] = json.loads(file.metadata()["huebench"])
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dict
        network = self.build_network(facts["size"])
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            raise UserError(f"'{path}' does not fit {self.info.name}: {error}") from error
        self._network, self._size, self._notes = network, facts["size"], facts["notes"]

    @property
    def parameter_count(self) -> int:
        """Number of weights of the network, frozen ones included."""
        network = self._network or self.build_network(self.schedule("paper").size)
        return sum(weight.numel() for weight in network.parameters())

    @property
    def notes(self) -> dict[str, str]:
        """What training left to be said."""
        return dict(self._notes)

    def _trained(self) -> ColorNetwork:
        if self._network is None:
            raise UserError(f"{self.info.name} is not trained: call fit or load before colorize or save")
        return self._network

    def _training_key(self, plan: Schedule, train: PhotoSet, context: Context) -> str:
        """Return what must be equal for a checkpoint to be of this training."""
        return json.dumps(
            {
                "method": self.info.name,
                "parameters": self.parameters.model_dump(mode="json"),
                "schedule": asdict(plan),
                "seed": context.seed,
                "notes": self._notes,
                "photos": fingerprint(train.entries),
                "prepared": train.prepare_key,
            }
        )
