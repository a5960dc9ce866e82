"""The loops of `multigrid`. Private, and imports Numba; `multigrid` is the public module.

All arrays have a border of one pixel, so that no neighbour lies outside. A stencil holds the coefficients of
a pixel's 3×3 neighbourhood in row-major order.
"""

from typing import Any

import numpy as np
from numba import njit

# Fused multiply-adds only: no reordering, so that every machine computes the same sums.
OPTIONS: dict[str, Any] = {
    "fastmath": {"contract"},
    "error_model": "numpy",
    "cache": True,
    "nogil": True,
}

CENTRE = 4


@njit(**OPTIONS)
def interpolation(stencils, weights):
    """Fill in the weights by which a pixel is interpolated from coarse ones: those of even rows and columns.

    A pixel between two coarse ones follows its own equation, with the neighbours on each side summed, and
    those that are on neither side shared out; one between four follows its own equation (Dendy 1982, Black
    box multigrid). The four weights are those of the coarse pixels above left, above right, below left and
    below right.
    """
    height, width = stencils.shape[0] - 2, stencils.shape[1] - 2
    weights[:] = 0
    for i in range(height):
        for j in range(width):
            a, w = stencils[i + 1, j + 1], weights[i + 1, j + 1]
            if i % 2 == 0 and j % 2 == 0:
                w[0] = 1
            elif i % 2 == 0:
                w[0], w[1] = _two(a[0] + a[3] + a[6], a[1] + a[7], a[2] + a[5] + a[8], a[CENTRE])
            elif j % 2 == 0:
                w[0], w[2] = _two(a[0] + a[1] + a[2], a[3] + a[5], a[6] + a[7] + a[8], a[CENTRE])
    for i in range(1, height, 2):
        for j in range(1, width, 2):
            a, w = stencils[i + 1, j + 1], weights[i + 1, j + 1]
            above, below = weights[i, j + 1], weights[i + 2, j + 1]
            left, right = weights[i + 1, j], weights[i + 1, j + 2]
            w[0] = -(a[0] + a[1] * above[0] + a[3] * left[0]) / a[CENTRE]
            w[1] = -(a[2] + a[1] * above[1] + a[5] * right[0]) / a[CENTRE]
            w[2] = -(a[6] + a[7] * below[0] + a[3] * left[2]) / a[CENTRE]
            w[3] = -(a[8] + a[7] * below[1] + a[5] * right[2]) / a[CENTRE]


@njit(**OPTIONS)
def _two(before, between, after, centre):
    """Return the weights of two coarse pixels, from the coefficients before, between and after."""
    before, after = min(before, 0.0), min(after, 0.0)  # on coarse grids a few coefficients are above 0
    sides = before + after
    if sides == 0:
        return 0.0, 0.0
    scale = -(sides + between) / sides / centre
    return before * scale, after * scale


@njit(**OPTIONS)
def transposed(stencils, others):
    """Fill in the stencils of the transposed matrix."""
    height, width = stencils.shape[0] - 2, stencils.shape[1] - 2
    others[:] = 0
    for i in range(1, height + 1):
        for j in range(1, width + 1):
            for k in range(9):
                others[i, j, k] = stencils[i + k // 3 - 1, j + k % 3 - 1, 8 - k]


@njit(**OPTIONS)
def coarsened(stencils, restriction, weights, coarse):
    """Fill in the coarse stencils R A P, where P interpolates by `weights`, and Rᵀ by `restriction`."""
    height, width = stencils.shape[0] - 2, stencils.shape[1] - 2
    row = np.empty((3, 3))
    coarse[:] = 0
    for i in range(height):
        for j in range(width):
            w = restriction[i + 1, j + 1]
            top, left = (i >> 1) - 1 + (i & 1), (j >> 1) - 1 + (j & 1)
            _interpolated_row(stencils, weights, i, j, top, left, row)
            # An even row has one coarse row and three around it; an odd row has two, its own.
            for y in range(i >> 1, (i >> 1) + 1 + (i & 1)):
                for x in range(j >> 1, (j >> 1) + 1 + (j & 1)):
                    share = w[2 * (y - (i >> 1)) + x - (j >> 1)]
                    target = coarse[y + 1, x + 1]
                    for down in range(3 - (i & 1)):
                        for across in range(3 - (j & 1)):
                            target[3 * (top + down - y + 1) + left + across - x + 1] += (
                                share * row[down, across]
                            )


@njit(**OPTIONS)
def _interpolated_row(stencils, weights, i, j, top, left, row):
    """Fill in a pixel's row of A P, for 3×3 coarse pixels from (top, left) on."""
    a = stencils[i + 1, j + 1]
    row[:] = 0
    for y in range(i - 1, i + 2):
        for x in range(j - 1, j + 2):
            coefficient, p = a[3 * (y - i + 1) + x - j + 1], weights[y + 1, x + 1]
            for down in range(1 + (y & 1)):
                for across in range(1 + (x & 1)):
                    row[(y >> 1) - top + down, (x >> 1) - left + across] += coefficient * p[2 * down + across]


@njit(**OPTIONS)
def relax(stencils, values, wanted, backward):
    """Solve every pixel's equation once, in row-major order or backward (Gauss–Seidel)."""
    height, width = stencils.shape[0] - 2, stencils.shape[1] - 2
    for row in range(height):
        i = height - row if backward else row + 1
        for column in range(width):
            j = width - column if backward else column + 1
            a, own = stencils[i, j], wanted[i, j]
            above, beside, below = values[i - 1], values[i], values[i + 1]
            last = 1 if backward else -1  # the neighbour that was solved just now: all else need not wait
            inverse = 1 / a[CENTRE]
            for channel in range(2):
                value = own[channel] - a[0] * above[j - 1, channel]
                value -= a[1] * above[j, channel]
                value -= a[2] * above[j + 1, channel]
                value -= a[6] * below[j - 1, channel]
                value -= a[7] * below[j, channel]
                value -= a[8] * below[j + 1, channel]
                value -= a[CENTRE - last] * beside[j - last, channel]
                value -= a[CENTRE + last] * beside[j + last, channel]
                beside[j, channel] = value * inverse


@njit(**OPTIONS)
def restrict_residual(stencils, restriction, values, wanted, coarse):
    """Fill in R (wanted − A values)."""
    height, width = stencils.shape[0] - 2, stencils.shape[1] - 2
    coarse[:] = 0
    for i in range(height):
        for j in range(width):
            a, w = stencils[i + 1, j + 1], restriction[i + 1, j + 1]
            first, second = wanted[i + 1, j + 1, 0], wanted[i + 1, j + 1, 1]
            for k in range(9):
                neighbour = values[i + k // 3, j + k % 3]
                first -= a[k] * neighbour[0]
                second -= a[k] * neighbour[1]
            for corner in range(4):
                target = coarse[i // 2 + corner // 2 + 1, j // 2 + corner % 2 + 1]
                target[0] += w[corner] * first
                target[1] += w[corner] * second


@njit(**OPTIONS)
def add_interpolated(weights, coarse, values):
    """Add P coarse to the values, and return the largest change."""
    height, width = weights.shape[0] - 2, weights.shape[1] - 2
    largest = 0.0
    for i in range(height):
        for j in range(width):
            w = weights[i + 1, j + 1]
            for channel in range(2):
                change = 0.0
                for corner in range(4):
                    change += w[corner] * coarse[i // 2 + corner // 2 + 1, j // 2 + corner % 2 + 1, channel]
                values[i + 1, j + 1, channel] += change
                largest = max(largest, abs(change))
    return largest


@njit(**OPTIONS)
def affinity_stencils(lightness, flat, stencils):
    """Fill in the stencils of Levin, Lischinski and Weiss: each pixel is the weighted mean of its neighbours.

    The weights are exp(−(Y(r) − Y(s))² / 2σ_r²), with σ_r² the variance of the 3×3 window of r within the
    photo, or `flat` if that is larger. A row is not divided by the sum of its weights.
    """
    height, width = lightness.shape
    stencils[:] = 0
    for i in range(height):
        for j in range(width):
            own, count, total, squares = lightness[i, j], 0, 0.0, 0.0
            for y in range(max(i - 1, 0), min(i + 2, height)):
                for x in range(max(j - 1, 0), min(j + 2, width)):
                    difference = lightness[y, x] - own  # small numbers: their squares lose no digits
                    count += 1
                    total += difference
                    squares += difference * difference
            variance = max((squares - total * total / count) / count, flat)
            a = stencils[i + 1, j + 1]
            for y in range(max(i - 1, 0), min(i + 2, height)):
                for x in range(max(j - 1, 0), min(j + 2, width)):
                    if y != i or x != j:
                        difference = lightness[y, x] - own
                        weight = np.exp(-difference * difference / (2 * variance))
                        a[3 * (y - i + 1) + x - j + 1] = -weight
                        a[CENTRE] += weight


@njit(**OPTIONS)
def fix(stencils, mask, colours, wanted):
    """Make masked pixels known: their equation names their value, and their neighbours' equations use it."""
    height, width = mask.shape
    wanted[:] = 0
    for i in range(height):
        for j in range(width):
            if mask[i, j]:
                for y in range(max(i - 1, 0), min(i + 2, height)):
                    for x in range(max(j - 1, 0), min(j + 2, width)):
                        k = 3 * (i - y + 1) + j - x + 1
                        a = stencils[y + 1, x + 1, k]
                        if (y != i or x != j) and a != 0:
                            wanted[y + 1, x + 1, 0] -= a * colours[i, j, 0]
                            wanted[y + 1, x + 1, 1] -= a * colours[i, j, 1]
                            stencils[y + 1, x + 1, k] = 0
    for i in range(height):
        for j in range(width):
            if mask[i, j]:
                stencils[i + 1, j + 1] = 0
                stencils[i + 1, j + 1, CENTRE] = 1
                wanted[i + 1, j + 1, 0] = colours[i, j, 0]
                wanted[i + 1, j + 1, 1] = colours[i, j, 1]
