"""The training step of `huebench-small-hints`: random hints on top of a frozen network."""

from __future__ import annotations

import torch
from torch import Tensor, optim
from torch.nn import functional

from ...learning.learner import Learner, Step, descend
from ..huebench_small.network import SmallNetwork
from .drawing import draw_hints
from .network import HintNetwork, reduced, resized

CELL = 4  #: Pixels of the training photos along a side of a place of the grid

RATE = 2e-3  #: Highest learning rate

WEIGHT_DECAY = 0.01

WARM_UP = 0.1  #: Share of the steps in which the learning rate rises

AVERAGE = 0.998  #: Decay of the moving average of the weights, which is what ships

CROP = 0.4  #: Smallest share of a photo's area in a random crop


class HintLearner(Learner):
    """Teach a network to spread random hints; the automatic network stays as it is.

    The loss is the root of each photo's mean squared distance to the true a*b* on the grid, averaged over
    the photos. As in PSNR, a photo with large errors then does not outweigh the others.

    Parameters
    ----------
    network
        The network that spreads hints.
    automatic
        The frozen network, in evaluation mode.
    size
        Side in pixels of its input.
    steps
        Number of training steps in all; the learning rate rises and falls once.
    """

    def __init__(self, network: HintNetwork, automatic: SmallNetwork, size: int, steps: int) -> None:
        optimizer = optim.AdamW(network.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
        cycle = optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1, pct_start=WARM_UP)
        super().__init__(
            {"generator": network}, {"generator": optimizer}, {"generator": cycle}, "fp32", every_step=True
        )
        self._network, self._optimizer = network, optimizer
        self._automatic, self._size = automatic, size

    def step(self, lightness: Tensor, ab: Tensor) -> Step:
        """Take one step on hints drawn from torch's own random state."""
        loss, predicted = self._loss(lightness, ab, torch.default_generator)
        norm = descend(loss, self._optimizer)
        return Step(loss.detach(), norm, predicted.detach())

    def evaluate(self, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return loss and a*b*; hints depend on the photos alone, so that every epoch has the same ones."""
        seed = int(ab.double().abs().sum())
        return self._loss(lightness, ab, torch.Generator().manual_seed(seed))

    def _loss(self, lightness: Tensor, ab: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        hints = draw_hints(ab, CELL, generator)
        grid = list(hints.shape[2:])
        with torch.no_grad():
            features = self._automatic.features(reduced(lightness, [self._size, self._size]).clamp(0, 100))
            automatic = resized(self._automatic.quarter(features), grid)
        added = self._network(features, reduced(lightness, grid), automatic, hints)
        predicted = automatic + added
        squares = (predicted - functional.avg_pool2d(ab, CELL)).square().sum(1).mean((1, 2))
        return torch.sqrt(squares + 1e-6).mean(), resized(predicted, list(ab.shape[2:]))
