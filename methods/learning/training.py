"""One training of a deep method, from photos to a trained network."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray
from torch import optim

from ... import UserError
from ...datasets.base import RGB, fingerprint
from ...datasets.photos import PhotoSet
from ..base import Context
from .data import LabBatches, colourful
from .inference import TrainedNetwork
from .learner import Learner, Precision, PredictionLoss, Supervised, native_precision
from .method import DeepMethod, Schedule
from .network import ColorNetwork, to_device
from .parallel import main_process_first, process_group, world_size
from .reproducible import limit_threads, reproducible
from .trainer import Trainer


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

    @property
    def network(self) -> ColorNetwork:
        """The network that is trained."""
        return self.trained.network

    @property
    def device(self) -> torch.device:
        """The device of the training."""
        return torch.device(self.context.device)

    def supervised(self, content: PredictionLoss | None = None) -> Learner:
        """Return Adam with a step-wise decay, on ``content`` or else on the network's own loss."""
        plan = self.plan
        weights = [weight for weight in self.network.parameters() if weight.requires_grad]
        optimizer = optim.Adam(weights, lr=plan.learning_rate)
        decay_epochs = plan.decay_epochs or ceil(plan.epochs / 3)
        scheduler = optim.lr_scheduler.StepLR(optimizer, decay_epochs, plan.decay)
        return Supervised(
            self.network, optimizer, scheduler, self.precision, compiled=plan.compiled, content=content
        )

    def batches(self, size: int) -> tuple[LabBatches, LabBatches]:
        """Return training and validation photos of side ``size`` as Lab batches on the device."""
        with main_process_first():
            packed, shown = self.train.packed(size), self.validation.packed(size)
        batch, flip = self.plan.batch, self.parameters.flip
        seen = LabBatches(packed, batch, self.device, flip=flip, chosen=self.chosen)
        return seen, LabBatches(shown, batch, self.device)

    def run(self, learner: Learner) -> None:
        """Train in one stage, to the end of the plan."""
        batches = self.batches(self.plan.size)
        Trainer(learner, *batches, self.plan.epochs, self.context, self.key, self.parameters.patience).run()


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
        network = method.build_network(plan.size)
        # Unless it is chosen, the precision on a CPU depends on the processor; the row says which it was.
        precision = method.parameters.precision or native_precision(context.device)
        notes = {
            "precision": precision,
            "near-grey training photos": _near_grey(len(packed), len(chosen)),
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
