"""Random hints for training."""

import math

import torch
from torch import Tensor
from torch.nn import functional

MOST = 300  #: Hints of a photo at most

SIDES = (1, 6)  #: Sides in pixels of the squares whose mean colour is a hint, the smallest and the largest


def draw_hints(ab: Tensor, cell: int, generator: torch.Generator) -> Tensor:
    """Draw hints for photos, all with the same number and size of hints.

    The number's logarithm is uniform, so that there are few hints as often as many; the places are uniform.

    Parameters
    ----------
    ab
        True a*b*, (N, 2, H, W).
    cell
        Side in pixels of a place of the grid; divides H and W.
    generator
        Source of all random choices.

    Returns
    -------
    Tensor
        a*b* and mask on the grid, (N, 3, H / cell, W / cell), as `Hints.resized` makes them: a place with
        any part of a hint is hinted, with the mean over that part.
    """
    photos, _, height, width = ab.shape
    count = int(math.exp(_draw(generator) * math.log(MOST + 1)))
    side = SIDES[0] + int(_draw(generator) * (SIDES[1] - SIDES[0] + 1))
    means = functional.avg_pool2d(ab, side, stride=1)
    tops = torch.randint(height - side + 1, (photos, count), generator=generator)
    lefts = torch.randint(width - side + 1, (photos, count), generator=generator)
    photo = torch.arange(photos)[:, None]
    given = torch.zeros(photos, 3, height, width)
    for row in range(side):
        for column in range(side):
            given[photo, :2, tops + row, lefts + column] = means[photo, :, tops, lefts]
            given[photo, 2, tops + row, lefts + column] = 1
    pooled = functional.avg_pool2d(given, cell)
    share = pooled[:, 2:]
    return torch.cat((pooled[:, :2] / share.clamp(min=1e-9), (share > 0).to(ab.dtype)), dim=1)


def _draw(generator: torch.Generator) -> float:
    return float(torch.rand(1, generator=generator))
