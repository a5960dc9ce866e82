"""The network that spreads hints: attention to the hints, and a few convolutions."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...learning.network import AB_RANGE, center_lightness, neutral
from ..huebench_small.network import WIDTH as FEATURES

LOOKS = 32  #: Channels to which the frozen features are brought

HEADS = 4  #: Ways in which a place may resemble a hint

DEPTH = 16  #: Numbers by which a head compares two places

WIDTH = 48  #: Channels of the convolutions

DILATIONS = (1, 2, 4)  #: Of the convolutions between the first and the last

NEAR = 1e-3  #: Square of the distance, in sides of the photo, below which hints count as equally near


class HintNetwork(nn.Module):
    """Spread the difference between hints and an automatic answer.

    Every place attends to all hints: the closer its embedding to a hint's, and the nearer the hint, the more
    it takes of what the hint says against the automatic answer. A null key stands for "no hint concerns this
    place". Convolutions then mend what attention cannot see, such as edges between two hints. They are scaled
    by the share of attention that went to hints, so that without hints nothing changes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(FEATURES, LOOKS, 1)
        self.embed = nn.Conv2d(LOOKS + 3, HEADS * DEPTH, 1)
        self.none = nn.Parameter(torch.full((HEADS,), -3.0))
        self.falloff = nn.Parameter(torch.tensor([0.0, 0.5, 1.0, 2.0]))
        self.first = nn.Conv2d(LOOKS + 3 + 3 * HEADS, WIDTH, 3, padding=1)
        self.middle = nn.ModuleList(
            nn.Conv2d(WIDTH, WIDTH, 3, padding=dilation, dilation=dilation) for dilation in DILATIONS
        )
        self.last = neutral(nn.Conv2d(WIDTH, 2, 3, padding=1))

    def forward(self, features: Tensor, lightness: Tensor, automatic: Tensor, hints: Tensor) -> Tensor:
        """Return what to add to the automatic answer.

        Parameters
        ----------
        features
            Features of `SmallNetwork`, (N, 128, h, w).
        lightness
            L* on the grid, (N, 1, H, W).
        automatic
            The automatic a*b* on the grid, (N, 2, H, W).
        hints
            The hints' a*b* and their mask, 0 or 1, on the grid, (N, 3, H, W).

        Returns
        -------
        Tensor
            Differences of a*b*, (N, 2, H, W).
        """
        size = lightness.shape[2:]
        reduced = resized(self.reduce(features), list(size))
        looks = torch.cat((reduced, center_lightness(lightness), automatic / AB_RANGE), dim=1)
        said, mask = (hints[:, :2] - automatic) / AB_RANGE * hints[:, 2:], hints[:, 2:]
        spread, mass = self._attend(self.embed(looks), said, mask)
        mended = functional.relu(self.first(torch.cat((looks, spread, mass), dim=1)))
        for layer in self.middle:
            mended = mended + functional.relu(layer(mended))
        share = mass.mean(dim=1, keepdim=True)
        mean = spread.reshape(-1, HEADS, 2, *size).mean(dim=1)
        answer: Tensor = (mean + share * self.last(mended)) * AB_RANGE
        return answer

    def _attend(self, embedding: Tensor, said: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return what each head takes of the hints, (N, 2 · heads, H, W), and its share, (N, heads, H, W)."""
        photos, _, height, width = said.shape
        places, given = hinted_places(mask)
        at = positions(height, width, said)
        asked = embedding.reshape(photos, HEADS, DEPTH, -1).transpose(2, 3)
        keys = asked.gather(2, places[:, None, :, None].expand(-1, HEADS, -1, DEPTH))
        values = said.flatten(2).transpose(1, 2).gather(1, places[:, :, None].expand(-1, -1, 2))
        likeness = 2 * asked @ keys.transpose(2, 3) - keys.square().sum(3)[:, :, None]
        likeness = likeness - asked.square().sum(3, keepdim=True)
        near = torch.log(squared_distances(at, at[places]) + NEAR)
        scores = likeness - self.falloff[:, None, None] * near[:, None]
        scores = scores.masked_fill(~given[:, None, None], -torch.inf)
        none = self.none[:, None, None].expand(photos, -1, height * width, 1)
        weights = torch.softmax(torch.cat((none, scores), dim=3), dim=3)[..., 1:]
        spread = (weights @ values[:, None]).transpose(2, 3).reshape(photos, -1, height, width)
        return spread, weights.sum(dim=3).reshape(photos, HEADS, height, width)


def hinted_places(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the numbers of hinted places, (N, K), and which are real, as photos may have fewer than K."""
    flat = mask.flatten(1) > 0
    count = int(flat.sum(1).max())
    order = torch.argsort(flat, dim=1, descending=True, stable=True)[:, :count]
    return order, flat.gather(1, order)


def positions(height: int, width: int, like: Tensor) -> Tensor:
    """Return the centres of all places in sides of the photo, (H · W, 2)."""
    rows, columns = (
        (torch.arange(count, dtype=like.dtype, device=like.device) + 0.5) / count for count in (height, width)
    )
    return torch.cartesian_prod(rows, columns)


def squared_distances(places: Tensor, hints: Tensor) -> Tensor:
    """Return the squared distances from places (P, 2) to each photo's hints (N, K, 2), as (N, P, K)."""
    return (places[None, :, None] - hints[:, None]).square().sum(3)


def reduced(planes: Tensor, size: list[int]) -> Tensor:
    """Return planes (N, C, H, W) at a smaller size, with a triangle filter."""
    return functional.interpolate(planes, size=size, mode="bilinear", antialias=True)


def resized(planes: Tensor, size: list[int]) -> Tensor:
    """Return planes (N, C, H, W) at a larger size, bilinearly."""
    return functional.interpolate(planes, size=size, mode="bilinear")
