"""The network of the CNN–LSTM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor, nn
from torch.nn import functional

from ....datasets.base import RGB
from ....datasets.color.conversion import rgb_to_lab
from ...deep.encoder_decoder.network import convolutions
from ...learning.network import AB_RANGE, ColorNetwork, center_lightness, neutral

LAYERS = ((32, 2), (64, 2), (128, 2), (128, 1), (128, 1))
"""Channels and stride of the five convolutions."""

SCENES = 8
"""Groups of training photos by mean colour."""

WEIGHT_OF_SCENES = 0.01
"""Weight of the classification in the loss, in which a*b* are divided by 110."""

State = tuple[Tensor, Tensor]
"""What the LSTM carries to the next frame: output and cell, (N, C, h, w) each."""


class MergingLayer(nn.Module):
    """A convolution, merged with its own input, which is pooled to the same size; batch normalisation."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 3, stride, padding=1)
        self.pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.merge = nn.Conv2d(before + after, after, 1)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, features: Tensor) -> Tensor:
        """Return the layer's features, (N, after, H / stride, W / stride)."""
        found = functional.relu(self.convolution(features))
        merged: Tensor = self.norm(functional.relu(self.merge(torch.cat((found, self.pool(features)), 1))))
        return merged


class ConvolutionalLstm(nn.Module):
    """An LSTM whose gates are convolutions, so that every place has a memory of its own."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(2 * channels, 4 * channels, 3, padding=1)
        nn.init.zeros_(self.gates.bias)  # type: ignore[arg-type]  # it has one

    def forward(self, features: Tensor, state: State | None) -> State:
        """Return the state after one more frame's features, (N, C, h, w)."""
        output, cell = state or (torch.zeros_like(features), torch.zeros_like(features))
        let_in, forget, let_out, new = self.gates(torch.cat((features, output), 1)).chunk(4, 1)
        # A forget gate that starts open: Jozefowicz et al. 2015.
        cell = torch.sigmoid(forget + 1) * cell + torch.sigmoid(let_in) * torch.tanh(new)
        return torch.sigmoid(let_out) * torch.tanh(cell), cell


class CnnLstmNetwork(ColorNetwork):
    """Encoder, classification, LSTM and decoder; sides are multiples of 8.

    A raw prediction has a*b*/110 in its first two channels, then the scores of the scenes, the same in all
    pixels.
    """

    scenes: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers, before = [], 1
        for channels, stride in LAYERS:
            layers.append(MergingLayer(before, channels, stride))
            before = channels
        self.encoder = nn.Sequential(*layers)
        self.classifier = nn.Linear(before, SCENES)
        self.fusion = nn.Sequential(nn.Conv2d(before + SCENES, before, 1), nn.ReLU())
        self.memory = ConvolutionalLstm(before)
        # What the LSTM adds begins at zero: an untrained memory must not disturb the colours.
        self.recall = nn.Conv2d(before, before, 1)
        nn.init.zeros_(self.recall.weight)
        nn.init.zeros_(self.recall.bias)  # type: ignore[arg-type]  # it has one
        self.decoder = nn.Sequential(
            *convolutions(before, ((64, 1),)),
            nn.Upsample(scale_factor=2),
            *convolutions(64, ((32, 1),)),
            nn.Upsample(scale_factor=2),
            *convolutions(32, ((16, 1),)),
            neutral(nn.Conv2d(16, 2, 3, padding=1)),
            nn.Tanh(),
            nn.Upsample(scale_factor=2),
        )
        self.register_buffer("scenes", torch.zeros(SCENES, 2))

    def begin_with(self, photos: Iterable[RGB]) -> None:
        """Find the scenes: groups of the training photos by their mean a*b*."""
        means = np.array([rgb_to_lab(photo)[1].mean(axis=(0, 1)) for photo in photos], np.float32)
        if len(means) >= SCENES:
            found = KMeans(SCENES, n_init=1, random_state=0).fit(means).cluster_centers_
            self.scenes.copy_(torch.from_numpy(np.asarray(found, np.float32)))

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the raw predictions of single pictures, without the LSTM."""
        return self.unroll(lightness, len(lightness), None, remember=False)[0]

    def unroll(
        self, lightness: Tensor, clips: int, state: State | None, *, remember: bool = True
    ) -> tuple[Tensor, State | None]:
        """Return the raw predictions of the next frames of some clips, and the state after them.

        Parameters
        ----------
        lightness
            L* of the frames, (clips × frames, 1, H, W), clip by clip.
        clips
            Number of clips.
        state
            The state after the frames before; ``None`` begins: the LSTM is left out for the first frame.
        remember
            Whether there is an LSTM at all.
        """
        features = self.encoder(center_lightness(lightness))
        scores = self.classifier(features.mean(dim=(2, 3)))
        shares = scores.softmax(dim=1)[:, :, None, None].expand(-1, -1, *features.shape[2:])
        fused = self.fusion(torch.cat((features, shares.to(features.dtype)), dim=1))
        if remember:
            frames = fused.reshape(clips, -1, *fused.shape[1:]).unbind(dim=1)
            recalled = []
            for frame in frames:
                after = self.memory(frame, state)
                recalled.append(frame if state is None else frame + self.recall(after[0]))
                state = after
            fused = torch.stack(recalled, dim=1).flatten(0, 1)
        ab = self.decoder(fused)
        tiled = scores[:, :, None, None].expand(-1, -1, *ab.shape[2:])
        return torch.cat((ab, tiled.to(ab.dtype)), dim=1), state

    def chroma(self, prediction: Tensor) -> Tensor:
        """Scale the prediction back to a*b*."""
        return prediction[:, :2] * AB_RANGE

    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return half the squared error of a*b*/110, mean over pixels, and the cross-entropy of the scene."""
        error = (prediction[:, :2] - ab / AB_RANGE).square().sum(dim=1).mean() / 2
        means = ab.mean(dim=(2, 3))
        scene = (means[:, None] - self.scenes).square().sum(dim=-1).argmin(dim=1)
        return error + WEIGHT_OF_SCENES * functional.cross_entropy(prediction[:, 2:, 0, 0], scene)


class Remembering(ColorNetwork):
    """The same network on the frames of one clip, one per call; it keeps the state between calls.

    Only the first photo of a call is a frame: the others fill the call up.
    """

    def __init__(self, network: CnnLstmNetwork) -> None:
        super().__init__()
        self.network = network
        self.state: State | None = None

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the raw prediction of the next frame, and zeros for what fills the call up."""
        prediction, self.state = self.network.unroll(lightness[:1], 1, self.state)
        filling = prediction.new_zeros((len(lightness) - 1, *prediction.shape[1:]))
        return torch.cat((prediction, filling))

    def chroma(self, prediction: Tensor) -> Tensor:
        """Scale the prediction back to a*b*."""
        return self.network.chroma(prediction)

    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return the network's loss."""
        return self.network.loss(prediction, ab)


def detached(state: State | None) -> State | None:
    """Return a state through which no gradient flows back."""
    return None if state is None else (state[0].detach(), state[1].detach())


def pieces(length: int, frames: int) -> Iterator[slice]:
    """Yield the pieces of a clip of this length, each of at most this many frames.

    >>> list(pieces(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, length, frames):
        yield slice(start, min(length, start + frames))
