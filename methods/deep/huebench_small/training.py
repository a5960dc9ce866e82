"""The training of `huebench-small`: crops, two learning rates in one cycle, and averaged weights."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn, optim
from torch.nn import functional

from ....datasets.base import RGB
from ...learning.data import LabBatches
from ...learning.learner import Forward, Precision, Step, Supervised, descend
from .network import SmallNetwork

RATES = {"backbone": 5e-4, "decoder": 2e-3}  #: Highest learning rates

WEIGHT_DECAY = 0.01

WARM_UP = 0.15  #: Share of the steps in which the learning rates rise

AVERAGING = 0.998  #: Share of the averaged weights that each step keeps

AREAS = (0.4, 1.0)  #: Share of the photo's area that a crop has

ASPECTS = (3 / 4, 4 / 3)  #: Ratios of a crop's sides


class CroppedBatches(LabBatches):
    """Lab batches of random crops, resized to a side; in order, whole photos resized to it.

    Parameters
    ----------
    packed
        uint8 (N, S, S, 3).
    batch
        Photos per batch at most.
    side
        Side of the crops in pixels.
    """

    def __init__(self, packed: RGB, batch: int, side: int) -> None:
        super().__init__(packed, batch, torch.device("cpu"))
        self._stored = self.side
        self.side = side
        self._boxes: Tensor | None = None

    def shuffled(self, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield random crops of an epoch's photos; order, flips and crops depend on ``seed`` alone."""
        self._boxes = random_boxes(self.photos, self._stored, torch.Generator().manual_seed(seed + 1))
        yield from super().shuffled(seed)
        self._boxes = None

    def _from_map(self, chosen: Tensor) -> Tensor:
        if self._boxes is None:
            return _resized(torch.from_numpy(self._packed[chosen.numpy()]), self.side)
        crops = []
        for photo, (top, left, height, width) in zip(
            chosen.tolist(), self._boxes[chosen].tolist(), strict=True
        ):
            crop = self._packed[photo, top : top + height, left : left + width]
            crops.append(_resized(torch.from_numpy(crop.copy())[None], self.side))
        return torch.cat(crops)


def random_boxes(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Draw crops of squares: int64 (count, 4) of top, left, height and width in pixels."""
    share = torch.empty(count).uniform_(*AREAS, generator=generator)
    low, high = (torch.tensor(aspect).log().item() for aspect in ASPECTS)
    aspect = torch.empty(count).uniform_(low, high, generator=generator).exp()
    height = (side * (share / aspect).sqrt()).round().clamp(1, side)
    width = (side * (share * aspect).sqrt()).round().clamp(1, side)
    top = torch.rand(count, generator=generator) * (side - height)
    left = torch.rand(count, generator=generator) * (side - width)
    return torch.stack((top, left, height, width), dim=1).long()


def _resized(rgb: Tensor, side: int) -> Tensor:
    """Resize uint8 (N, H, W, 3) to a side with a triangle filter."""
    planes = rgb.permute(0, 3, 1, 2)
    planes = functional.interpolate(planes, (side, side), mode="bilinear", antialias=True)
    return planes.permute(0, 2, 3, 1)


class AveragedLearner(Supervised):
    """AdamW with a low rate for the pretrained encoder, one cycle over all steps, and averaged weights.

    Parameters
    ----------
    network
        The network.
    steps
        Number of steps of the whole training.
    precision
        As for `Learner`.
    """

    def __init__(self, network: SmallNetwork, steps: int, precision: Precision) -> None:
        trained = {key: value for key, value in network.named_parameters() if value.requires_grad}
        encoder = [value for key, value in trained.items() if key.startswith("backbone.")]
        decoder = [value for key, value in trained.items() if not key.startswith("backbone.")]
        optimizer = optim.AdamW([{"params": encoder}, {"params": decoder}], weight_decay=WEIGHT_DECAY)
        cycle = optim.lr_scheduler.OneCycleLR(
            optimizer, [RATES["backbone"], RATES["decoder"]], total_steps=steps + 1, pct_start=WARM_UP
        )
        super().__init__(network, optimizer, cycle, precision)
        self.averaged = copy.deepcopy(network).eval()
        depthwise_in_float32(network)
        self._small = network
        self._cycle = cycle
        self._steps = 0

    def step(self, lightness: Tensor, ab: Tensor) -> Step:
        """Take one step, and average the weights."""
        with self.autocast:
            prediction = self._small(lightness)
        loss, predicted = self._small.loss_and_chroma(prediction.float(), ab)
        norm = descend(loss, self._optimizer)
        self._cycle.step()
        self._steps += 1
        self._average()
        return Step(loss.detach(), norm, predicted.detach())

    def evaluate(self, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return loss and a*b* of the averaged network."""
        with self.autocast:
            prediction = self.averaged(lightness)
        return self.averaged.loss_and_chroma(prediction.float(), ab)

    def end_epoch(self) -> None:
        """Do nothing: the learning rates change at every step."""

    def state_dict(self) -> dict[str, dict[str, Any]]:
        """Return everything that training changes."""
        own = {"averaged": self.averaged.state_dict(), "steps": {"taken": self._steps}}
        return {**super().state_dict(), **own}

    def load_state_dict(self, state: Mapping[str, dict[str, Any]]) -> None:
        """Restore what `state_dict` returned."""
        super().load_state_dict(state)
        self.averaged.load_state_dict(state["averaged"])
        self._steps = state["steps"]["taken"]

    @torch.no_grad()
    def _average(self) -> None:
        kept = min(AVERAGING, (1 + self._steps) / (10 + self._steps))
        for own, new in zip(
            self.averaged.state_dict().values(), self.network.state_dict().values(), strict=True
        ):
            if own.is_floating_point():
                own.lerp_(new, 1 - kept)
            else:
                own.copy_(new)


def depthwise_in_float32(network: nn.Module) -> None:
    """Keep depthwise convolutions out of autocast.

    On the CPU oneDNN computes their gradients four to seven times faster in float32 than in bfloat16.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.groups == layer.in_channels > 1:
            layer.forward = _without_autocast(layer.forward)  # type: ignore[method-assign, assignment]


def _without_autocast(forward: Forward) -> Forward:
    def run(features: Tensor) -> Tensor:
        with torch.autocast(features.device.type, enabled=False):
            return forward(features.float())

    return run
