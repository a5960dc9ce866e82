"""The loops of `flow`. Private, and imports Numba; `flow` is the public module."""

import numpy as np
from numba import njit, prange

ROWS = 16
"""Rows of a chunk of work for one thread."""


@njit(inline="always")
def _place(position, length):
    """Return the pixel before a position, clipped to the picture, and the share of the pixel after it."""
    position = min(max(position, np.float32(0)), np.float32(length - 1))
    first = min(np.intp(position), max(length - 2, 0))
    return first, position - np.float32(first)


@njit(cache=True, nogil=True)
def _warp_rows(picture, flow, warped, start, end):
    height, width, channels = picture.shape
    for y in range(start, end):
        for x in range(width):
            left, right_share = _place(np.float32(x) + flow[y, x, 0], width)
            top, lower_share = _place(np.float32(y) + flow[y, x, 1], height)
            right, below = min(left + 1, width - 1), min(top + 1, height - 1)
            for c in range(channels):
                one, two = np.float32(picture[top, left, c]), np.float32(picture[top, right, c])
                three, four = np.float32(picture[below, left, c]), np.float32(picture[below, right, c])
                upper = one + right_share * (two - one)
                lower = three + right_share * (four - three)
                warped[y, x, c] = upper + lower_share * (lower - upper)


@njit(cache=True, parallel=True)
def warp(picture, flow, warped):
    """warped[y, x] = picture at (x, y) + flow[y, x], bilinear, the edge repeated."""
    height = len(picture)
    for chunk in prange(-(-height // ROWS)):
        _warp_rows(picture, flow, warped, chunk * ROWS, min(height, (chunk + 1) * ROWS))


@njit(cache=True, nogil=True)
def _visible_rows(forward, backward, seen, start, end):
    height, width, _ = forward.shape
    for y in range(start, end):
        for x in range(width):
            fx, fy = forward[y, x, 0], forward[y, x, 1]
            to_x, to_y = np.float32(x) + fx, np.float32(y) + fy
            inside = 0 <= to_x <= width - 1 and 0 <= to_y <= height - 1
            left, right_share = _place(to_x, width)
            top, lower_share = _place(to_y, height)
            right, below = min(left + 1, width - 1), min(top + 1, height - 1)
            upper = backward[top, left, 0] + right_share * (backward[top, right, 0] - backward[top, left, 0])
            lower = backward[below, left, 0] + right_share * (
                backward[below, right, 0] - backward[below, left, 0]
            )
            bx = upper + lower_share * (lower - upper)
            upper = backward[top, left, 1] + right_share * (backward[top, right, 1] - backward[top, left, 1])
            lower = backward[below, left, 1] + right_share * (
                backward[below, right, 1] - backward[below, left, 1]
            )
            by = upper + lower_share * (lower - upper)
            length = fx * fx + fy * fy
            apart = (fx + bx) * (fx + bx) + (fy + by) * (fy + by)
            returns = apart <= np.float32(0.01) * (length + bx * bx + by * by) + np.float32(0.5)
            after, under = min(x + 1, width - 1), min(y + 1, height - 1)
            dx, dy = forward[y, after, 0] - fx, forward[under, x, 0] - fx
            ex, ey = forward[y, after, 1] - fy, forward[under, x, 1] - fy
            slope = dx * dx + dy * dy + ex * ex + ey * ey
            seen[y, x] = inside and returns and slope <= np.float32(0.01) * length + np.float32(0.002)


@njit(cache=True, parallel=True)
def visible(forward, backward, seen):
    """seen[y, x] = whether the pixel stays in the picture, returns to its place, and moves like the next."""
    height = len(forward)
    for chunk in prange(-(-height // ROWS)):
        _visible_rows(forward, backward, seen, chunk * ROWS, min(height, (chunk + 1) * ROWS))


@njit(cache=True, parallel=True)
def average_along(current, before, flow, seen, share, averaged):
    """Averaged = current where not seen, else (1 − share) · current + share · before, warped along flow."""
    height, width, channels = current.shape
    for y in prange(height):
        for x in range(width):
            left, right_share = _place(np.float32(x) + flow[y, x, 0], width)
            top, lower_share = _place(np.float32(y) + flow[y, x, 1], height)
            right, below = min(left + 1, width - 1), min(top + 1, height - 1)
            weight = share if seen[y, x] else np.float32(0)
            for c in range(channels):
                upper = before[top, left, c] + right_share * (before[top, right, c] - before[top, left, c])
                lower = before[below, left, c] + right_share * (
                    before[below, right, c] - before[below, left, c]
                )
                carried = upper + lower_share * (lower - upper)
                own = current[y, x, c]
                averaged[y, x, c] = own + weight * (carried - own)
