"""Bins of the a*b* plane: nodes of a grid of step 10, and how often photos use them.

The set of nodes is computed: those that are nearest to some sRGB colour. Zhang, Isola and Efros (2016) list
313, some of which are not nearest to any sRGB colour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

import numpy as np
import numpy.typing as npt

from .conversion import rgb_to_lab

STEP = 10
REACH = 120
"""The nodes of the grid are −120, −110, …, 120 on both axes, 25 × 25 = 625, which covers all of sRGB."""

SIDE = 2 * REACH // STEP + 1


@dataclass(frozen=True, eq=False)
class AbBins:
    """A set of bins: every chroma belongs to the nearest node of the set.

    Attributes
    ----------
    nodes
        float32 (Q, 2): a* and b* of each bin's node, on the grid of step 10, without repetition.

    Raises
    ------
    ValueError
        If a node is not on the grid or is repeated, or if there is none.

    Examples
    --------
    >>> bins = AbBins(np.float32([[0, 0], [10, 0], [0, 10]]))
    >>> bins.assign(np.float32([[1, 2], [7, -3], [50, 60]])).tolist()
    [0, 1, 2]
    """

    nodes: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.nodes.ndim != 2 or self.nodes.shape[1] != 2 or not len(self.nodes):
            raise ValueError(f"bins must be a table of a* and b*, shape (Q, 2), not {self.nodes.shape}")
        if (self.nodes % STEP).any() or np.abs(self.nodes).max() > REACH:
            raise ValueError(f"bins must lie on the grid −{REACH}, −{REACH - STEP}, …, {REACH} of both axes")
        if len(np.unique(self.nodes, axis=0)) < len(self.nodes):
            raise ValueError("the table repeats a bin")

    def __len__(self) -> int:
        return len(self.nodes)

    @cached_property
    def _bin_of_node(self) -> npt.NDArray[np.int16]:
        """The bin of every node of the grid, −1 for nodes that are not in the set."""
        table = np.full((SIDE, SIDE), -1, np.int16)
        row, column = ((self.nodes + REACH) // STEP).astype(np.intp).T
        table[row, column] = np.arange(len(self.nodes))
        return table

    def assign(self, ab: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
        """Return the index of the bin nearest to each chroma.

        Parameters
        ----------
        ab : ndarray of float32, shape (..., 2)
            a* and b*, finite. Half-way between two nodes the larger one is taken.

        Returns
        -------
        ndarray of int16, shape (...)
        """
        from .bins_kernels import assign

        flat = np.ascontiguousarray(ab, np.float32).reshape(-1, 2)
        bins = np.empty(len(flat), np.int16)
        assign(flat, self._bin_of_node, self.nodes, bins)
        return bins.reshape(ab.shape[:-1])

    def prior(self, photos: Iterable[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float64]:
        """Return the share of the photos' pixels in each bin, all pixels of all photos together.

        Parameters
        ----------
        photos : iterable of ndarray of uint8, shape (H, W, 3)
            Read one at a time.

        Returns
        -------
        ndarray of float64, shape (Q,)
            Sums to 1; all zeros if there are no photos.
        """
        counts = np.zeros(len(self), np.int64)
        for photo in photos:
            counts += np.bincount(self.assign(rgb_to_lab(photo)[1]).ravel(), minlength=len(self))
        return counts / max(int(counts.sum()), 1)


@cache
def gamut_bins() -> AbBins:
    """Return the bins of sRGB: the nodes that are nearest to at least one of the 2²⁴ colours.

    Returns
    -------
    AbBins
        In the order of a*, then b*.

    Examples
    --------
    >>> len(gamut_bins())
    261
    """
    steps = np.arange(-REACH, REACH + STEP, STEP, dtype=np.float32)
    grid = AbBins(np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2))
    level = np.arange(256, dtype=np.uint8)
    first, second = np.meshgrid(level, level, indexing="ij")
    reached = np.zeros(len(grid), bool)
    # The faces of the RGB cube suffice: lightened or darkened at the same chroma, every colour ends on one.
    for channel, end in product(range(3), (0, 255)):
        face = np.insert(np.stack([first, second], axis=-1), channel, end, axis=-1)
        reached[grid.assign(rgb_to_lab(face)[1])] = True
    return AbBins(grid.nodes[reached])
