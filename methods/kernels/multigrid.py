"""Spreading known colours over a photo along its lightness: a sparse linear system, solved by multigrid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import spsolve

Floats = NDArray[np.float64]

FLAT = 0.01
"""Least variance of L* that a window counts with.

In a window without any contrast the weights are not defined; with this floor they are 1, and noise far below
a level of 8 bits (about 0.4 of L*) is no edge either.
"""

TOLERANCE = 1e-7
"""A correction of the colours below this ends the solution."""

MOST_CYCLES = 60
"""Almost all photos need about 20, whatever their size."""

COARSEST = 8
"""Longest side in pixels of a grid that is solved directly."""


def spread_colours(
    lightness: NDArray[np.float32], colours: NDArray[np.float32], mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Give every pixel without a colour the weighted mean of its eight neighbours' colours.

    The weight of neighbour s of pixel r is exp(−(Y(r) − Y(s))² / 2σ_r²), divided by the sum of r's weights,
    with Y the lightness and σ_r² its variance in the 3×3 window of r, or `FLAT` if that is larger (Levin,
    Lischinski & Weiss 2004, Colorization using Optimization, eq. 2). Windows end at the photo's border.
    Known pixels keep their colours. The system is solved by multigrid: the work grows with the number of
    pixels only.

    Parameters
    ----------
    lightness : array (H, W) of float32
        L* of one photo, 0…100.
    colours : array (H, W, 2) of float32
        The colours of known pixels; the others are not read.
    mask : array (H, W) of bool
        Where colours are known, at least at one pixel.

    Returns
    -------
    array (H, W, 2) of float32
        A colour for every pixel, between the known ones.

    Raises
    ------
    ValueError
        If no pixel is known.
    """
    if not mask.any():
        raise ValueError("no colour is known: give at least one hint")
    from .multigrid_kernels import affinity_stencils, fix  # Numba is slow to import

    height, width = lightness.shape
    stencils = np.empty((height + 2, width + 2, 9))
    wanted = np.empty((height + 2, width + 2, 2))
    affinity_stencils(np.ascontiguousarray(lightness, np.float64), FLAT, stencils)
    fix(stencils, np.ascontiguousarray(mask), np.ascontiguousarray(colours, np.float64), wanted)
    # The mean of the known colours is a good start where hints are far apart.
    values = np.zeros_like(wanted)
    values[1:-1, 1:-1] = colours[mask].mean(axis=0, dtype=np.float64)
    Multigrid(stencils).solve(values, wanted)
    answer: NDArray[np.float32] = values[1:-1, 1:-1].astype(np.float32)
    return answer


class Multigrid:
    """A solver for equations between neighbours on a grid.

    Interpolation follows the coefficients (Dendy 1982, Black box multigrid). The matrix is not symmetric, so
    the residual is restricted by what interpolates for the transposed matrix (Dendy 1983, Black box multigrid
    for nonsymmetric problems): with the transposed interpolation itself, cycles hardly converge.

    Parameters
    ----------
    stencils
        The coefficients of the 3×3 neighbourhood of every pixel, float64 (H + 2, W + 2, 9), row-major, with
        zeros in a border of one pixel. No coefficient but the middle one is above 0, and none of a pixel
        reaches beyond the grid.
    """

    def __init__(self, stencils: Floats) -> None:
        from .multigrid_kernels import coarsened, interpolation, transposed

        self._stencils = [stencils]
        self._weights: list[Floats] = []
        self._restrictions: list[Floats] = []
        while max(stencils.shape[:2]) > COARSEST + 2:
            height, width = stencils.shape[0] - 2, stencils.shape[1] - 2
            weights, restriction = np.empty((2, height + 2, width + 2, 4))
            others = np.empty_like(stencils)
            coarse = np.empty(((height + 1) // 2 + 2, (width + 1) // 2 + 2, 9))
            interpolation(stencils, weights)
            transposed(stencils, others)
            interpolation(others, restriction)
            coarsened(stencils, restriction, weights, coarse)
            stencils = coarse
            self._weights.append(weights)
            self._restrictions.append(restriction)
            self._stencils.append(stencils)
        self._inverse = np.linalg.inv(_matrix(stencils).toarray())

    def solve(self, values: Floats, wanted: Floats) -> int:
        """Solve the equations in place, from the values given; return the number of cycles.

        A few photos need too many cycles; then the system is solved directly, in seconds for 256² pixels.

        Parameters
        ----------
        values, wanted
            The unknowns and the right-hand sides, float64 (H + 2, W + 2, 2), with a border of zeros.
        """
        for cycle in range(1, MOST_CYCLES + 1):
            if self._cycle(0, values, wanted) < TOLERANCE:
                return cycle
        inside = np.s_[1:-1, 1:-1]
        direct = spsolve(_matrix(self._stencils[0]), wanted[inside].reshape(-1, 2))
        values[inside] = direct.reshape(values[inside].shape)
        return MOST_CYCLES

    def _cycle(self, level: int, values: Floats, wanted: Floats) -> float:
        """Improve the values of a level, and return the largest correction from the coarser ones."""
        from .multigrid_kernels import add_interpolated, relax, restrict_residual

        stencils = self._stencils[level]
        if level == len(self._weights):
            inside = np.s_[1:-1, 1:-1]
            values[inside] = (self._inverse @ wanted[inside].reshape(-1, 2)).reshape(values[inside].shape)
            return 0.0
        weights = self._weights[level]
        relax(stencils, values, wanted, False)
        coarse, correction = np.zeros((2, *self._stencils[level + 1].shape[:2], 2))
        restrict_residual(stencils, self._restrictions[level], values, wanted, coarse)
        for _ in range(2):  # with one, the number of cycles would grow with the photo
            self._cycle(level + 1, correction, coarse)
        largest: float = add_interpolated(weights, correction, values)
        relax(stencils, values, wanted, True)
        return largest


def _matrix(stencils: Floats) -> csc_matrix:
    """Return the matrix of the equations."""
    height, width = stencils.shape[0] - 2, stencils.shape[1] - 2
    inside, place = stencils[1:-1, 1:-1].reshape(-1, 9), np.arange(height * width)
    rows, neighbours = np.nonzero(inside)
    columns = place[rows] + (neighbours // 3 - 1) * width + neighbours % 3 - 1
    return csc_matrix((inside[rows, neighbours], (rows, columns)), (height * width,) * 2)
