"""The training loop of all networks: epochs, curves, checkpoints, early stopping."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, field
from itertools import islice
from typing import Any, Literal

import torch
from torch import Tensor

from ... import UserError
from ..base import Context, Epoch
from ..memory import OutOfMemoryError, largest_fitting, runs_out_of_memory
from .averaging import WeightAverage, has_statistics, judged_weights, recalibrate
from .checkpoint import load_checkpoint, save_checkpoint
from .data import LabBatches
from .learner import Learner, Step
from .parallel import from_first_process, rank, sum_over_processes, world_size
from .reproducible import epoch_seed

ACCURATE_WITHIN = 10.0
"""A pixel is accurate if its chroma is at most this far from the true chroma; see `Epoch`."""

GPU_CHECK_EVERY = 20
"""Steps between two reads of the loss on a GPU, because each read waits for all work before it."""


STATISTICS_BATCHES = 32
"""Most batches from which batch statistics are recalibrated."""


@dataclass(frozen=True)
class Habits:
    """How a training chooses the weights that it keeps."""

    #: Keep the epoch with the best score on validation photos, not the last one.
    keep_best: bool = False
    #: Stop after this many epochs without a better score; ``None`` trains all epochs.
    patience: int | None = None
    #: Decay of the moving average of the weights that is judged and kept; 0 takes the weights themselves.
    average: float = 0.0
    #: Recalibrate batch normalisation's statistics before weights are scored.
    recalibrate: bool = False


@dataclass
class Trainer:
    """Trains a learner for a number of epochs, with one checkpoint per epoch to resume from.

    Each epoch is seeded by the run's seed and its own number. A resumed training therefore needs no random
    states, and on the CPU it ends in the same bytes as one that was never interrupted.

    Parameters
    ----------
    learner
        The training step.
    train, validation
        Photos as Lab batches; ``validation`` may be empty.
    epochs
        Number of passes over the training photos.
    context
        Seed, progress, curves and the folder for checkpoints.
    key
        Text that a checkpoint must have been written under; see `save_checkpoint`.
    habits
        Which epoch is kept, and how the weights that are judged come from those that are trained.
    score
        Returns how well the generator colorizes, higher for better; ``None`` takes the negative validation
        loss. Without validation photos the last epoch is kept.
    may_keep_none
        Whether the weights from before the first epoch are judged too, and kept if no epoch is better.
    smaller
        The training photos at smaller sides, ascending, for the first epochs; see `side_of_epoch`.
    name
        File name of the checkpoint and part of every epoch's seed; a method with several stages gives each
        its own.

    Raises
    ------
    UserError
        If there are no training photos, if ``patience`` is set without validation photos, or if a checkpoint
        belongs to another training.

    Attributes
    ----------
    best_epoch
        The epoch that was kept, 0 for before the first.
    """

    learner: Learner
    train: LabBatches
    validation: LabBatches
    epochs: int
    context: Context
    key: str
    habits: Habits = field(default_factory=Habits)
    score: Callable[[], float] | None = None
    may_keep_none: bool = False
    smaller: Sequence[LabBatches] = ()
    name: str = "training"
    best_epoch: int = field(default=0, init=False)
    _history: list[Epoch] = field(default_factory=list, init=False)
    _scores: dict[int, float] = field(default_factory=dict, init=False)
    _best: dict[str, Any] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not self.train.photos:
            raise UserError("there are no training photos: choose another dataset or a higher limit")
        network, decay = self.learner.networks["generator"], self.habits.average
        self._average = WeightAverage(network, decay) if decay else None
        self._recalibrated = self.habits.recalibrate and has_statistics(network)
        self._judges = bool(self.habits.keep_best and self.validation.photos)
        if self.habits.patience is not None and not self.validation.photos:
            raise UserError(
                "early stopping (patience) needs the validation loss, and there are no validation photos: "
                "leave patience unset, or choose a dataset with a validation split"
            )

    def run(self) -> None:
        """Train up to the last epoch, starting from the checkpoint if there is one.

        Raises `UserError` if a loss or a gradient is not finite; the message says in which epoch and step.
        Raises `OutOfMemoryError` if memory runs out; the message says which batch would fit, or which
        parameter to lower.
        """
        if runs_out_of_memory(self._run):
            raise OutOfMemoryError(self._advice())

    def _run(self) -> None:
        first = self._resume()
        if first <= self.epochs:  # tells when training began, from which the time left is estimated
            self.context.progress(
                self._done(first - 1), self._done(self.epochs), f"epoch {first}/{self.epochs}"
            )
        if first == 1 and self.may_keep_none and self._judges:
            self._judge(0)
        for number in range(first, self.epochs + 1):
            if self._lost_patience():
                break
            self._train_epoch(number)
            with judged_weights(self.learner, self._average):
                self._recalibrate(number)
                self._validate(number)
                if self._judges:
                    self._judge(number)
            self.learner.end_epoch()
            self._save(number)
        self._finish()
        self.learner.train(mode=False)

    def facts(self) -> dict[str, str]:
        """Return what was done, for the method's row."""
        trained = max((epoch.epoch for epoch in self._history), default=0)
        sides = [self._batches(number).side for number in range(1, trained + 1)]
        shares = [f"{sides.count(side)} at {side}²" for side in dict.fromkeys(sides)]
        ways = [f"moving average ({self.habits.average:g})"] if self._average else []
        ways += ["recalibrated batch statistics"] if self._recalibrated else []
        return {
            "epochs": f"{', then '.join(shares)}; {self.train.epoch:,} photos each",
            "epoch kept": self._kept(trained),
        } | ({"weights kept": ", ".join(ways)} if ways else {})

    def _kept(self, trained: int) -> str:
        if not self._judges:
            why = "" if self.validation.photos else " (no validation photos)"
            return f"the last of {trained}{why}"
        best = max(self._scores.values())
        how = f"validation AuC {best:.4f}" if self.score else f"validation loss {-best:.4g}"
        return f"{self.best_epoch} of {trained}, by {how}"

    def _batches(self, number: int) -> LabBatches:
        return (*self.smaller, self.train)[side_of_epoch(number, self.epochs, 1 + len(self.smaller))]

    def _judge(self, number: int) -> None:
        """Score the present weights, and remember them if no earlier ones were better."""
        score = -self._history[-1].loss if self.score is None else self._score()
        if score > max(self._scores.values(), default=-math.inf):
            self._best, self.best_epoch = copy.deepcopy(self.learner.weights()), number
        self._scores[number] = score

    def _recalibrate(self, number: int) -> None:
        if not self._recalibrated:
            return
        torch.manual_seed(epoch_seed(self.context.seed, number, f"{self.name} statistics") + rank())
        batches = self.train.shuffled(epoch_seed(self.context.seed, number, self.name))
        with closing(batches):
            recalibrate(self.learner, (lightness for lightness, _ in islice(batches, STATISTICS_BATCHES)))

    def _finish(self) -> None:
        """Leave the networks with the weights that are kept."""
        if self._best is not None:
            self.learner.load_weights(self._best)
            return
        self.best_epoch = self.epochs
        if self._average is not None:
            self._average.swap()
        self._recalibrate(self.epochs)

    def _score(self) -> float:
        assert self.score is not None
        return from_first_process(self.score() if rank() == 0 else 0.0)

    @property
    def _device(self) -> torch.device:
        return next(self.learner.networks["generator"].parameters()).device

    def _train_epoch(self, number: int) -> None:
        seed = epoch_seed(self.context.seed, number, self.name)
        torch.manual_seed(seed + rank())  # dropout differs from share to share; the photos' order does not
        self.learner.train()
        meter = _Meter(self._device, self._report(number))
        try:
            for lightness, ab in self._batches(number).shuffled(seed):
                meter.add(self.learner.step(lightness, ab), ab)
                self.learner.end_step()
                if self._average is not None:
                    self._average.update()
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise UserError(
                "batch normalisation has only one value to learn from: "
                f"{self.train.photos} training photo(s) in batches of {self.train.batch} are too few at this "
                "size; raise batch or size"
            ) from error
        self._log(number, "train", meter)

    def _advice(self) -> str:
        """Return which batch would fit, found by trying, because this training has ended anyway."""
        batch, side = self.train.batch, self.train.side
        place = f"the memory of the {self._device.type}"
        says = f"{place} is too small to train on {batch} photos of {side}² per step: "
        if world_size() > 1:
            return says + "lower batch or size"  # other processes are still waiting in the failed step
        largest = largest_fitting(range(2, batch, 2), self._fits)
        return says + ("lower size" if largest is None else f"batch={largest} would fit now")

    def _fits(self, count: int) -> bool:
        """Return whether memory suffices to train and validate on ``count`` photos as one batch."""
        return not runs_out_of_memory(lambda: self._try(count))

    def _try(self, count: int) -> None:
        batch = self.train.first(count)
        self.learner.train()
        self.learner.step(*batch)
        self.learner.train(mode=False)
        with torch.no_grad():
            self.learner.evaluate(*batch)

    @torch.no_grad()
    def _validate(self, number: int) -> None:
        if not self.validation.photos:
            return
        self.learner.train(mode=False)
        meter = _Meter(self._device)
        for lightness, ab in self.validation.in_order():
            loss, predicted = self.learner.evaluate(lightness, ab)
            meter.add(Step(loss, torch.zeros_like(loss), predicted), ab)
        self._log(number, "validation", meter)

    def _report(self, number: int) -> Callable[[int, float, float], None]:
        """Return a function that takes the number, loss and gradient norm of every step, in order."""
        steps, before, cost = len(self.train), self._done(number - 1), self._cost(number)
        total = self._done(self.epochs)

        def report(step: int, loss: float, gradient_norm: float) -> None:
            for what, value in (("loss", loss), ("gradient", gradient_norm)):
                if not math.isfinite(value):
                    raise UserError(
                        f"the {what} is {value} in epoch {number} of {self.epochs}, step {step} of {steps}: "
                        "lower learning_rate, or train with precision=fp32"
                    )
            what = f"epoch {number}/{self.epochs}, loss {loss:.4g}"
            self.context.progress(before + step * cost, total, what)

        return report

    def _cost(self, number: int) -> int:
        """Return the work of a step of an epoch, in steps at the smallest side."""
        smallest = (*self.smaller, self.train)[0].side
        return round((self._batches(number).side / smallest) ** 2)

    def _done(self, epochs: int) -> int:
        """Return the work of the first epochs, in steps at the smallest side."""
        return len(self.train) * sum(self._cost(number) for number in range(1, epochs + 1))

    def _log(self, number: int, split: Literal["train", "validation"], meter: _Meter) -> None:
        epoch = Epoch(number, self.epochs, split, *meter.means())
        self._history.append(epoch)
        self.context.log_epoch(epoch)

    def _lost_patience(self) -> bool:
        patience = self.habits.patience
        if patience is None or not self._scores:
            return False
        return max(self._scores) - self.best_epoch >= patience

    def _resume(self) -> int:
        """Restore the checkpoint's state and curves; return the number of the first epoch to train."""
        if self.context.checkpoints is None:
            return 1
        state = load_checkpoint(self.context.checkpoints / f"{self.name}.pt", self.key)
        if state is None:
            return 1
        self.learner.load_state_dict(state["learner"])
        self._best, self._scores = state["best"], dict(state["scores"])
        self.best_epoch = state["best epoch"]
        if self._average is not None:
            self._average.load_state_dict(state["average"])
        self._history = [Epoch(*values) for values in state["history"]]
        for epoch in self._history:
            self.context.log_epoch(epoch)
        return int(state["epoch"]) + 1

    def _save(self, number: int) -> None:
        if self.context.checkpoints is None or rank() > 0:
            return
        state = {
            "epoch": number,
            "learner": self.learner.state_dict(),
            "best": self._best,
            "best epoch": self.best_epoch,
            "scores": list(self._scores.items()),
            "average": None if self._average is None else self._average.state_dict(),
            "history": [astuple(epoch) for epoch in self._history],
        }
        save_checkpoint(self.context.checkpoints / f"{self.name}.pt", self.key, state)


def side_of_epoch(number: int, epochs: int, sides: int) -> int:
    """Return which of ``sides`` sides, from 0, an epoch sees: each gets an equal share of the epochs.

    The last side gets what is left over, because it is the one of prediction.

    >>> [side_of_epoch(number, 5, 2) for number in range(1, 6)]
    [0, 0, 1, 1, 1]
    >>> side_of_epoch(1, 1, 2)
    1
    """
    return max(0, sides - 1 - (epochs - number) // max(1, -(-epochs // sides)))


class _Meter:
    """Means over the photos of an epoch, fetched from the device in blocks so that a GPU need not wait."""

    def __init__(
        self, device: torch.device, report: Callable[[int, float, float], None] | None = None
    ) -> None:
        self._device = device
        self._report = report
        self._waiting: list[Tensor] = []
        self._rows: list[list[float]] = []

    def add(self, step: Step, ab: Tensor) -> None:
        """Count one batch; ``ab`` is the true a*b*."""
        accurate = torch.linalg.vector_norm(step.ab - ab, dim=1) <= ACCURATE_WITHIN
        weight = torch.full_like(step.loss, len(ab))
        self._waiting.append(torch.stack((step.loss, step.gradient_norm, accurate.float().mean(), weight)))
        if not ab.is_cuda or len(self._waiting) == GPU_CHECK_EVERY:
            self._fetch()

    def means(self) -> tuple[float, float]:
        """Return mean loss and mean accuracy per photo, over all processes that train together."""
        self._fetch()
        rows = torch.tensor(self._rows, dtype=torch.float64).reshape(-1, 4)
        weights = rows[:, 3]
        sums = torch.stack((rows[:, 0] @ weights, rows[:, 2] @ weights, weights.sum()))
        loss, accurate, photos = sum_over_processes(sums.to(self._device)).tolist()
        return loss / photos, accurate / photos

    def _fetch(self) -> None:
        for row in torch.stack(self._waiting).tolist() if self._waiting else ():
            self._rows.append(row)
            if self._report is not None:
                self._report(len(self._rows), row[0], row[1])
        self._waiting.clear()
