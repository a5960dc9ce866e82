"""One training of a deep method, from photos to a trained network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn, optim
from torch.optim.lr_scheduler import LRScheduler

from ... import UserError
from ...datasets.base import RGB, fingerprint
from ...datasets.photos import PhotoSet
from ..base import Context
from ..threads import limit_threads
from .data import LabBatches, colourful
from .inference import TrainedNetwork
from .learner import Learner, Precision, PredictionLoss, Supervised, native_precision
from .network import ColorNetwork, to_device
from .parallel import main_process_first, process_group, world_size
from .reproducible import reproducible
from .schedule import Schedule
from .trainer import Habits, Trainer

if TYPE_CHECKING:
    from .method import DeepMethod

CROPPED_FROM = 2
"""Crops are taken from photos of this times the side of training, or of the protocol's side if less."""


@dataclass(frozen=True)
class Training:
    """A training that is ready to start; the hooks of `DeepMethod` work with it."""

    trained: TrainedNetwork  #: The network, prepared and on its device, with its size and notes
    #: `train`, `validation`: The photos; ``validation`` may be empty.
    train: PhotoSet
    validation: PhotoSet
    chosen: NDArray[np.intp]  #: Numbers of the training photos that take part, at any side
    plan: Schedule  #: The schedule, with the number of epochs for these photos
    parameters: DeepMethod.Parameters  #: The method's parameters
    context: Context  #: As for `DeepMethod.fit`
    precision: Precision  #: Precision of training
    key: str  #: Text that checkpoints must have been written under
    score: Callable[[], float] | None  #: Mean AuC on validation photos; ``None`` where nothing can score

    @property
    def network(self) -> ColorNetwork:
        """The network that is trained."""
        return self.trained.network

    @property
    def device(self) -> torch.device:
        """The device of the training."""
        return torch.device(self.context.device)

    @property
    def habits(self) -> Habits:
        """How the weights that are kept are chosen."""
        chosen, plan = self.parameters, self.plan
        keep_best = chosen.keep == "best" or chosen.patience is not None
        return Habits(keep_best, chosen.patience, plan.average, plan.recalibrate)

    def supervised(
        self, content: PredictionLoss | None = None, rates: Mapping[str, float] | None = None
    ) -> Learner:
        """Return the plan's optimizer and rates, on ``content`` or else on the network's own loss.

        Discriminative rates are given as factors of the learning rate by prefix of the weights' names; the
        first prefix that fits counts, and the rate of other weights has no factor.
        """
        plan = self.plan
        groups = _rate_groups(self.network, plan.learning_rate, rates or {})
        optimizer = (
            optim.AdamW(groups, weight_decay=plan.weight_decay)
            if plan.optimizer == "adamw"
            else optim.Adam(groups)
        )
        self.trained.notes["optimizer"] = _optimizer(plan)
        every_step = plan.rates == "one-cycle"
        return Supervised(
            self.network,
            optimizer,
            self._one_cycle(optimizer) if every_step else self._falling_in_steps(optimizer),
            self.precision,
            compiled=plan.compiled,
            content=content,
            every_step=every_step,
        )

    def _one_cycle(self, optimizer: optim.Optimizer) -> LRScheduler:
        plan = self.plan
        steps = plan.epochs * ceil(len(self.chosen) / plan.batch)
        highest = [group["lr"] for group in optimizer.param_groups]
        rising_share = plan.warm_up
        if rising_share * steps == 1:  # torch would divide by zero, the number of rising steps less one
            rising_share = 1.5 / steps
        return optim.lr_scheduler.OneCycleLR(
            optimizer, highest, steps, pct_start=rising_share, cycle_momentum=False
        )

    def _falling_in_steps(self, optimizer: optim.Optimizer) -> LRScheduler:
        decay_epochs = self.plan.decay_epochs or ceil(self.plan.epochs / 3)
        return optim.lr_scheduler.StepLR(optimizer, decay_epochs, self.plan.decay)

    def batches(self, size: int) -> tuple[LabBatches, LabBatches]:
        """Return training and validation photos of side ``size`` as Lab batches on the device."""
        with main_process_first():
            shown = self.validation.packed(size)
        return self._seen(size), LabBatches(shown, self.plan.batch, self.device)

    def _seen(self, size: int) -> LabBatches:
        """Return the training photos of side ``size``."""
        crop = self.plan.crop
        with main_process_first():
            packed = self.train.packed(size if crop == 1 else self._side_of_crops())
        flip = self.parameters.flip
        return LabBatches(
            packed, self.plan.batch, self.device, flip=flip, chosen=self.chosen, crop=crop, side=size
        )

    def _side_of_crops(self) -> int:
        """Return the side of the photos that are cropped: no photo is enlarged to be cropped."""
        size = self.plan.size
        own = next((min(photo.rgb.shape[:2]) for photo in self.train), size)
        return max(size, min(CROPPED_FROM * size, own))

    def run(self, learner: Learner) -> None:
        """Train in one stage, to the end of the plan, and note what was done."""
        plan = self.plan
        smaller = () if plan.start_size is None else (self._seen(plan.start_size),)
        trainer = Trainer(
            learner,
            *self.batches(plan.size),
            plan.epochs,
            self.context,
            self.key,
            self.habits,
            self.score,
            smaller=smaller,
        )
        trainer.run()
        self.trained.notes.update(trainer.facts())


@contextmanager
def prepared_training(
    method: DeepMethod, train: PhotoSet, validation: PhotoSet, context: Context
) -> Iterator[Training]:
    """Seed torch, build and prepare the network, and yield a training that is ready to start."""
    plan = method.schedule(context.budget)
    device = torch.device(context.device)
    if plan.photos is not None:
        train = train.sample(plan.photos, context.rng())
        validation = validation.sample(plan.photos, context.rng())
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with (
        process_group(device),
        limit_threads(max(1, context.threads // world_size())),
        reproducible(context.seed, device),
    ):
        with main_process_first():
            packed = train.packed(plan.size)
        chosen = np.arange(len(packed)) if method.parameters.near_grey else _colourful(packed)
        method.choices = method.choose(context)
        network = method.build_network(plan.size)
        # Unless it is chosen, the precision on a CPU depends on the processor; the row says which it was.
        precision = method.parameters.precision or native_precision(context.device)
        notes = {
            "precision": precision,
            "near-grey training photos": _near_grey(len(packed), len(chosen)),
            **method.choices,
            **method.prepare(network, (packed[i] for i in chosen), context),
        }
        trained = TrainedNetwork(
            to_device(network, device), method.prediction_size(plan, context.budget), notes
        )
        yield Training(
            trained,
            train,
            validation,
            chosen,
            replace(plan, epochs=plan.epochs_for(len(chosen))),
            method.parameters,
            context,
            precision,
            _key(method, plan, train, context, notes),
            _scored(method, context),
        )
        if world_size() > 1:
            notes["trained on"] = f"{world_size()} devices"
    if device.type == "cuda":
        notes["peak GPU memory"] = f"{torch.cuda.max_memory_allocated(device) / 2**30:.2f} GiB"


def _colourful(packed: RGB) -> NDArray[np.intp]:
    """Return the numbers of the photos that are not near-grey; `UserError` if no photo is left."""
    chosen = colourful(packed)
    if len(packed) and not len(chosen):
        raise UserError(f"all {len(packed)} training photos are near-grey: near_grey=true trains on them")
    return chosen


def _scored(method: DeepMethod, context: Context) -> Callable[[], float] | None:
    validate = context.validate
    return None if validate is None else lambda: validate(method)


def _rate_groups(
    network: ColorNetwork, learning_rate: float, factors: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return groups of trained weights, each with its learning rate."""
    groups: dict[float, list[nn.Parameter]] = {}
    for name, weight in network.named_parameters():
        if weight.requires_grad:
            factor = next((factors[prefix] for prefix in factors if name.startswith(prefix)), 1.0)
            groups.setdefault(factor, []).append(weight)
    return [{"params": weights, "lr": factor * learning_rate} for factor, weights in groups.items()]


def _optimizer(plan: Schedule) -> str:
    """Return optimizer and learning rates for the method's row."""
    name = {"adam": "Adam", "adamw": "AdamW"}[plan.optimizer]
    if plan.rates == "one-cycle":
        return f"{name} at {plan.learning_rate:g}, one cycle"
    return f"{name} at {plan.learning_rate:g}, ×{plan.decay:g} in steps"


def _near_grey(photos: int, chosen: int) -> str:
    """Return for the method's row how many near-grey photos were left out."""
    return f"{photos - chosen:,} of {photos:,} left out" if chosen < photos else "none left out"


def _key(method: DeepMethod, plan: Schedule, train: PhotoSet, context: Context, notes: dict[str, str]) -> str:
    """Return everything that must be equal for a checkpoint to belong to this training, as text."""
    return json.dumps(
        {
            "method": method.info.name,
            "parameters": method.parameters.model_dump(mode="json"),
            "schedule": asdict(plan),
            "seed": context.seed,
            "notes": notes,
            "photos": fingerprint(train.entries),
            "prepared": train.prepare_key,
        }
    )
