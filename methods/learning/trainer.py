"""The training loop of all networks: epochs, curves, checkpoints, early stopping."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from ... import UserError
from ..base import Context, Epoch
from .checkpoint import load_checkpoint, save_checkpoint
from .data import LabBatches
from .learner import Learner, Step
from .memory import OutOfMemoryError, largest_fitting, runs_out_of_memory
from .parallel import from_first_process, rank, sum_over_processes, world_size
from .reproducible import epoch_seed

ACCURATE_WITHIN = 10.0
"""A pixel is accurate if its chroma is at most this far from the true chroma; see `Epoch`."""

GPU_CHECK_EVERY = 20
"""Steps between two reads of the loss on a GPU, because each read waits for all work before it."""


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
    patience
        Stop after this many epochs without a lower validation loss and keep the best weights; ``None``
        trains all epochs and keeps the last.
    score
        Called before the first epoch and after each one; the weights with the highest score are kept.
        ``None`` leaves the choice to ``patience``.
    name
        File name of the checkpoint and part of every epoch's seed; a method with several stages gives each
        its own.

    Raises
    ------
    UserError
        If there are no training photos, if ``patience`` is set without validation photos, or if a checkpoint
        belongs to another training.
    """

    learner: Learner
    train: LabBatches
    validation: LabBatches
    epochs: int
    context: Context
    key: str
    patience: int | None = None
    score: Callable[[], float] | None = None
    name: str = "training"
    _history: list[Epoch] = field(default_factory=list, init=False)
    _scores: list[float] = field(default_factory=list, init=False)
    _best: dict[str, Any] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not self.train.photos:
            raise UserError("there are no training photos: choose another dataset or a higher limit")
        if self.patience is not None and not self.validation.photos:
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
        if first == 1 and self.score is not None:
            self._keep_if_best(self._score())
        for number in range(first, self.epochs + 1):
            if self._lost_patience():
                break
            self._train_epoch(number)
            self._validate(number)
            self.learner.end_epoch()
            if self.score is not None:
                self._keep_if_best(self._score())
            elif self.patience is not None:
                self._keep_if_best(-self._history[-1].loss)
            self._save(number)
        if self._best is not None:
            self.learner.load_state_dict(self._best)
        self.learner.train(mode=False)

    @property
    def best_epoch(self) -> int:
        """The epoch with the highest score, 0 for before the first; without scores, the last epoch."""
        return self._scores.index(max(self._scores)) if self.score is not None else self.epochs

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
            for lightness, ab in self.train.shuffled(seed):
                meter.add(self.learner.step(lightness, ab), ab)
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
        steps = len(self.train)

        def report(step: int, loss: float, gradient_norm: float) -> None:
            for what, value in (("loss", loss), ("gradient", gradient_norm)):
                if not math.isfinite(value):
                    raise UserError(
                        f"the {what} is {value} in epoch {number} of {self.epochs}, step {step} of {steps}: "
                        "lower learning_rate, or train with precision=fp32"
                    )
            done = (number - 1) * steps + step
            self.context.progress(done, self.epochs * steps, f"epoch {number}/{self.epochs}, loss {loss:.4g}")

        return report

    def _log(self, number: int, split: Literal["train", "validation"], meter: _Meter) -> None:
        epoch = Epoch(number, self.epochs, split, *meter.means())
        self._history.append(epoch)
        self.context.log_epoch(epoch)

    def _keep_if_best(self, score: float) -> None:
        self._scores.append(score)
        if score > max(self._scores[:-1], default=-math.inf):
            self._best = copy.deepcopy(self.learner.state_dict())

    def _lost_patience(self) -> bool:
        if self.patience is None or not self._scores:
            return False
        return len(self._scores) - 1 - self._scores.index(max(self._scores)) >= self.patience

    def _resume(self) -> int:
        """Restore the checkpoint's state and curves; return the number of the first epoch to train."""
        if self.context.checkpoints is None:
            return 1
        state = load_checkpoint(self.context.checkpoints / f"{self.name}.pt", self.key)
        if state is None:
            return 1
        self.learner.load_state_dict(state["learner"])
        self._best, self._scores = state["best"], state["scores"]
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
            "scores": self._scores,
            "history": [astuple(epoch) for epoch in self._history],
        }
        save_checkpoint(self.context.checkpoints / f"{self.name}.pt", self.key, state)


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
