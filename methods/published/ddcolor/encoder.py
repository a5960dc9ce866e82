"""ConvNeXt (Liu et al. 2022), under the entry names of its authors, which DDColor's files keep.

timm's has other names within the blocks.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

EPS = 1e-6  #: Of all layer normalisations


class ConvNeXt(nn.Module):
    """Four stages at a quarter, an eighth, a sixteenth and a thirty-second of the side.

    Parameters
    ----------
    depths
        Blocks of each stage.
    widths
        Channels of each stage.
    """

    def __init__(self, depths: tuple[int, ...], widths: tuple[int, ...]) -> None:
        super().__init__()
        self.downsample_layers = nn.ModuleList(
            [nn.Sequential(nn.Conv2d(3, widths[0], 4, 4), ChannelNorm(widths[0]))]
        )
        for before, width in pairwise(widths):
            self.downsample_layers.append(nn.Sequential(ChannelNorm(before), nn.Conv2d(before, width, 2, 2)))
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(depth)))
            for depth, width in zip(depths, widths, strict=True)
        )
        for i, width in enumerate(widths):
            self.add_module(f"norm{i}", ChannelNorm(width))
        self.norm = nn.LayerNorm(widths[-1], EPS)  # of the classifier: in the files, but not used here

    def forward(self, photo: Tensor) -> list[Tensor]:
        """Return a normalised copy of each stage's features; the next stage gets them as they are."""
        features, copies = photo, []
        for i, (downsample, stage) in enumerate(zip(self.downsample_layers, self.stages, strict=True)):
            features = stage(downsample(features))
            copies.append(self.get_submodule(f"norm{i}")(features))
        return copies


class Block(nn.Module):
    """A depthwise convolution and two layers for each pixel, scaled, beside the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((width,), 1e-6))
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, EPS)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        pixels = self.norm(self.dwconv(features).permute(0, 2, 3, 1))
        pixels = self.gamma * self.pwconv2(functional.gelu(self.pwconv1(pixels)))
        result: Tensor = features + pixels.permute(0, 3, 1, 2)
        return result


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of (N, C, H, W)."""

    def __init__(self, width: int) -> None:
        super().__init__(width, EPS)

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        return super().forward(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
