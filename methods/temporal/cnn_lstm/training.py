"""Training on clips, piece by piece: truncated backpropagation through time."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, optim
from torch.optim.lr_scheduler import StepLR

from ....datasets.base import RGB
from ....datasets.color.torch import rgb_to_lab
from ....datasets.photos import PhotoSet
from ...learning.data import LabBatches
from ...learning.learner import Precision, Step, Supervised, descend
from ...learning.network import AB_RANGE
from ...learning.trainer import Trainer
from ...learning.training import Training
from .network import CnnLstmNetwork, State, detached, pieces

WITHOUT_MEMORY = 0.25
"""Share of the clips that are learned as single pictures."""


@dataclass(frozen=True)
class Piece:
    """The next frames of some clips, as a batch holds them: clip by clip.

    Attributes
    ----------
    clips
        Number of clips.
    begins
        Whether the clips begin with it.
    remember
        Whether they are learned with memory.
    """

    clips: int
    begins: bool
    remember: bool


class ClipBatches(LabBatches):
    """Batches that are pieces of clips; in order, each frame is a single picture.

    Parameters
    ----------
    packed, batch, device, flip
        As for `LabBatches`; a batch has at most this many frames.
    clips
        Numbers of the frames of each clip, in order.
    frames
        Frames of a clip in a piece.
    grain
        Standard deviation of the noise that is added to L* of every frame of a shuffled epoch.

    Attributes
    ----------
    piece
        What the batch is that was yielded last.
    """

    def __init__(
        self,
        packed: RGB,
        clips: Sequence[NDArray[np.intp]],
        batch: int,
        frames: int,
        device: torch.device,
        *,
        flip: bool,
        grain: float = 0.0,
    ) -> None:
        chosen = np.concatenate(clips) if clips else np.array([], np.intp)
        super().__init__(packed, batch, device, flip=flip, chosen=chosen)
        self._clips = [torch.from_numpy(clip) for clip in clips]
        self._frames = min(frames, max(map(len, clips), default=1))
        self._grain = grain
        self._together = max(1, batch // self._frames)
        self.piece = Piece(0, begins=True, remember=False)

    def __len__(self) -> int:
        """Return the number of batches in a shuffled epoch, if all clips were as long as their mean."""
        length = self.photos / max(1, len(self._clips))
        return ceil(len(self._clips) / self._together) * ceil(length / self._frames)

    def shuffled(self, seed: int) -> Generator[tuple[Tensor, Tensor]]:
        """Yield an epoch's clips, each once, in pieces; order, flips and memory depend on ``seed`` alone.

        Clips that are learned together are cut to the shortest of them, at a random place.
        """
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(self._clips), generator=generator).tolist()
        for first in range(0, len(order), self._together):
            clips = [self._clips[i] for i in order[first : first + self._together]]
            length = min(map(len, clips))
            starts = [int(torch.randint(len(c) - length + 1, (1,), generator=generator)) for c in clips]
            flips = torch.rand(len(clips), generator=generator) < 0.5 * self._flip
            remember = bool(torch.rand(1, generator=generator) >= WITHOUT_MEMORY)
            frames = torch.stack(
                [clip[start : start + length] for clip, start in zip(clips, starts, strict=True)]
            )
            for part in pieces(length, self._frames):
                (rgb,) = self._read([frames[:, part].flatten().to(self._chooser)])
                mirrored = flips.repeat_interleave(part.stop - part.start).to(rgb.device)
                self.piece = Piece(len(clips), part.start == 0, remember)
                lightness, ab = rgb_to_lab(torch.where(mirrored[:, None, None, None], rgb.flip(2), rgb))
                noise = self._grain * torch.randn(lightness.shape, generator=generator)
                yield (lightness + noise.to(lightness.device)).clamp(0, 100), ab


class Recurrent(Supervised):
    """The training step of a network with memory: the state goes on from piece to piece, without gradient."""

    def __init__(
        self,
        network: CnnLstmNetwork,
        optimizer: optim.Optimizer,
        scheduler: StepLR,
        precision: Precision,
        batches: ClipBatches,
        steadiness: float = 0.0,
    ) -> None:
        super().__init__(network, optimizer, scheduler, precision)
        self._recurrent = network
        self._adam = optimizer
        self._batches = batches
        self._steadiness = steadiness
        self._state: State | None = None

    def step(self, lightness: Tensor, ab: Tensor) -> Step:
        """Take one optimizer step on the loss of a piece."""
        piece = self._batches.piece
        if not piece.clips or len(lightness) % piece.clips:  # not from `shuffled`
            return super().step(lightness, ab)
        state = None if piece.begins else self._state
        with self.autocast:
            prediction, state = self._recurrent.unroll(lightness, piece.clips, state, remember=piece.remember)
        self._state = detached(state)
        prediction = prediction.float()
        loss = self._recurrent.loss(prediction, ab)
        loss = loss + self._steadiness * unsteadiness(prediction, ab, piece.clips)
        norm = descend(loss, self._adam)
        return Step(loss.detach(), norm, self._recurrent.chroma(prediction).detach())


def unsteadiness(prediction: Tensor, ab: Tensor, clips: int) -> Tensor:
    """Return the squared error of how a*b*/110 change from frame to frame, mean over pixels, a scalar.

    It is 0 for frames that differ from the truth all in the same way, and for pieces of one frame.
    """
    error = prediction[:, :2] - ab / AB_RANGE
    changes = error.reshape(clips, -1, *error.shape[1:]).diff(dim=1)
    return changes.square().sum(dim=2).mean() if changes.numel() else error.new_zeros(())


def clips_of(photos: PhotoSet, chosen: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return the numbers of each clip's frames in the packed photos, in order; a photo is a clip of its own.

    Only the chosen frames take part. The photos must have been packed, so that those without a frame in the
    packed array are known.
    """
    entries = [entry for entry in photos.entries if entry.id not in photos.failures]
    clips: dict[str, list[int]] = {}
    for number in chosen.tolist():
        clips.setdefault(entries[number].clip or f"\0{number}", []).append(number)
    return [np.array(numbers, np.intp) for numbers in clips.values()]


def train_on_clips(training: Training, frames: int, grain: float, steadiness: float) -> None:
    """Train the network on pieces of this many frames, and note what was done.

    Grain is the noise in L* of every frame; steadiness the weight of `unsteadiness` in the loss.
    """
    plan, network = training.plan, training.network
    assert isinstance(network, CnnLstmNetwork)
    packed = training.train.packed(plan.size)
    clips = clips_of(training.train, training.chosen)
    batches = ClipBatches(
        packed, clips, plan.batch, frames, training.device, flip=training.parameters.flip, grain=grain
    )
    optimizer = optim.Adam(network.parameters(), plan.learning_rate)
    scheduler = StepLR(optimizer, plan.decay_epochs or ceil(plan.epochs / 3), plan.decay)
    learner = Recurrent(network, optimizer, scheduler, training.precision, batches, steadiness)
    shown = LabBatches(training.validation.packed(plan.size), plan.batch, training.device)
    trainer = Trainer(
        learner, batches, shown, plan.epochs, training.context, training.key, training.habits, training.score
    )
    trainer.run()
    longest = max(map(len, clips), default=0)
    training.trained.notes.update(trainer.facts())
    training.trained.notes["clips"] = f"{len(clips):,}, of {longest} frames at most, in pieces of {frames}"
