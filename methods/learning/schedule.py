"""How long and how a network is trained, for each budget."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, Literal


@dataclass(frozen=True)
class Schedule:
    """The training schedule of a budget."""

    size: int  #: Side in pixels at which the network is trained and colorizes
    epochs: int  #: Number of passes over the training photos
    batch: int  #: Photos per step
    learning_rate: float  #: Learning rate at the start; the highest one where `rates` is ``one-cycle``
    photos: int | None = None  #: Number of training photos at most; ``None`` takes all
    #: Minimum number of steps: with few photos, the number of epochs is raised to reach it.
    min_steps: int = 0
    #: Epochs between two decays of the learning rate; ``None`` takes a third of all epochs.
    decay_epochs: int | None = None
    decay: float = 0.3  #: Factor of each decay
    compiled: bool = False  #: Whether training steps go through ``torch.compile``
    optimizer: Literal["adam", "adamw"] = "adam"  #: ``adamw`` decays the weights by `weight_decay`
    weight_decay: float = 0.01  #: Decay of the weights under AdamW
    rates: Literal["steps", "one-cycle"] = "steps"
    """Whether the learning rate falls in steps, or rises from a 25th and then falls, along cosines."""
    warm_up: float = 0.1  #: Share of the steps in which a one-cycle rate rises
    start_size: int | None = None  #: Side in the first half of the epochs; ``None``: always `size`
    crop: float = 1.0  #: Smallest share of a photo's area in a random crop; 1 never crops
    average: float = 0.0  #: Decay of the moving average of the weights that is kept; 0: no average
    recalibrate: bool = False  #: Whether batch statistics are recalibrated before scoring

    def epochs_for(self, photos: int) -> int:
        """Return the number of epochs over ``photos`` photos.

        >>> Schedule(size=64, epochs=10, batch=40, learning_rate=1e-3, min_steps=100).epochs_for(200)
        20
        >>> Schedule(size=64, epochs=10, batch=40, learning_rate=1e-3, min_steps=100).epochs_for(4000)
        10
        """
        steps_per_epoch = max(1, ceil(photos / self.batch))
        return max(self.epochs, ceil(self.min_steps / steps_per_epoch))


@dataclass(frozen=True)
class Schedules:
    """One schedule per budget."""

    smoke: Schedule
    quick: Schedule
    long: Schedule
    paper: Schedule


def ours(size: int, epochs: int, batch: int, learning_rate: float, **others: Any) -> Schedule:
    """Return a schedule with our own choices, which no paper prescribes.

    They are AdamW with a rate that warms up and falls along a cosine, half the side in the first half of the
    epochs, random crops, a moving average of the weights, and recalibrated batch statistics. ``others``
    replaces any of them.
    """
    habits: dict[str, Any] = {
        "optimizer": "adamw",
        "rates": "one-cycle",
        "start_size": max(32, size // 2),
        "crop": 0.4,
        "average": 0.999,
        "recalibrate": True,
    }
    return Schedule(size, epochs, batch, learning_rate, **habits | others)
