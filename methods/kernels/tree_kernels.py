"""The tree of `search`: rotates points onto their axes, splits them into leaves, and boxes the leaves.

Private, and imports Numba; `search` is the public module and describes the tree.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

# Numba's cache sees changes of a kernel's own file only: after changing one of these, empty `__pycache__`.
LANES = 64  #: Points in a leaf and children in a node

STEP = 5  #: Points are padded with zero dimensions to a multiple of this

FASTMATH = {"contract"}
"""Fused multiply-adds only: no reordering, and infinities keep their meaning (they are the padding)."""


class Tree(NamedTuple):
    """The arrays of an index: leaves of 64 points, nodes of 64 boxes, level 0 being the boxes of leaves."""

    blocks: Float32  # (leaves, D, 64): coordinates, infinite in empty lanes
    rows: Index  # (leaves, 64): each point's row in the input
    lower: Float32  # (nodes, D, 64)
    upper: Float32  # (nodes, D, 64)
    offsets: Index  # (levels,): the first node of each level
    axis: Index  # (splits,): binary splits in heap order, to find the leaf of a query
    threshold: Float32  # (splits,)


@njit(parallel=True, cache=True, fastmath=FASTMATH)
def rotate(points: Float32, mean: Float64, axes: Float64, coordinates: Float32) -> None:
    """Fill coordinates = (points - mean) @ axes, with each row summed in the same order at any position."""
    count, dimensions = points.shape
    for chunk in prange((count + 255) // 256):
        row = np.empty(axes.shape[1])
        for i in range(chunk * 256, min(count, chunk * 256 + 256)):
            row[:] = 0
            for d in range(dimensions):
                centred = points[i, d] - mean[d]
                for j in range(row.size):
                    row[j] += centred * axes[d, j]
            for j in range(row.size):
                coordinates[i, j] = row[j]


@njit(cache=True)
def middle(first: int, last: int) -> int:
    """Return the leaf at which a run of leaves is split: a whole number of full nodes to the left."""
    full = 1
    while full * LANES < last - first:
        full *= LANES
    return first + ((last - first + full - 1) // full // 2) * full


@njit(cache=True)
def select(keys: Float32, rows: Index, first: int, last: int, rank: int) -> None:
    """Hoare's quickselect of keys[first:last], rows carried along: keys[rank] is as if sorted."""
    last -= 1
    while first < last:
        pivot = keys[(first + last) // 2]
        i, j = first, last
        while i <= j:
            while keys[i] < pivot:
                i += 1
            while keys[j] > pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                rows[i], rows[j] = rows[j], rows[i]
                i += 1
                j -= 1
        if rank <= j:
            last = j
        elif rank >= i:
            first = i
        else:
            return


@njit(cache=True)
def widest(coordinates: Float32, rows: Index) -> int:
    """Return the axis of largest variance over about a thousand of the rows."""
    step = max(1, rows.size // 1024)
    best, axis = -1.0, 0
    for d in range(coordinates.shape[1]):
        total, squares, count = 0.0, 0.0, 0
        for r in range(0, rows.size, step):
            value = np.float64(coordinates[rows[r], d])
            total += value
            squares += value * value
            count += 1
        variance = squares - total * total / count
        if variance > best:
            best, axis = variance, d
    return axis


@njit(parallel=True, cache=True)
def grow(coordinates: Float32, leaves: int, axis: Index, threshold: Float32) -> Index:
    """Split the points at medians down to leaves: fills the splits, returns the rows leaf by leaf."""
    count = coordinates.shape[0]
    splits = axis.size
    rows = np.arange(count)
    keys = np.empty(count, np.float32)
    firsts = np.zeros(2 * splits + 1, np.intp)
    lasts = np.zeros(2 * splits + 1, np.intp)
    lasts[0] = leaves
    width = 1
    while width <= splits:
        for split in prange(width - 1, 2 * width - 1):
            first, last = firsts[split], lasts[split]
            if last - first >= 2:
                centre = middle(first, last)
                start, stop = first * LANES, min(count, last * LANES)
                along = widest(coordinates, rows[start:stop])
                for r in range(start, stop):
                    keys[r] = coordinates[rows[r], along]
                select(keys, rows, start, stop, centre * LANES)
                axis[split], threshold[split] = along, keys[centre * LANES]
                firsts[2 * split + 1], lasts[2 * split + 1] = first, centre
                firsts[2 * split + 2], lasts[2 * split + 2] = centre, last
        width *= 2
    return rows


@njit(parallel=True, cache=True)
def fill(
    coordinates: Float32, order: Index, blocks: Float32, block_rows: Index, lower: Float32, upper: Float32
) -> None:
    """Copy the points to their leaves, dimension by dimension, and box every leaf."""
    count, dimensions = coordinates.shape
    for leaf in prange(blocks.shape[0]):
        node, lane = leaf // LANES, leaf % LANES
        rows = np.sort(order[leaf * LANES : min(count, (leaf + 1) * LANES)])
        block_rows[leaf, : rows.size] = rows
        for d in range(dimensions):
            for j in range(rows.size):
                value = coordinates[rows[j], d]
                blocks[leaf, d, j] = value
                lower[node, d, lane] = min(lower[node, d, lane], value)
                upper[node, d, lane] = max(upper[node, d, lane], value)


@njit(cache=True)
def enclose(lower: Float32, upper: Float32, offsets: Index) -> None:
    """Box every node of the upper levels."""
    for level in range(1, offsets.size):
        for child in range(offsets[level - 1], offsets[level]):
            place = child - offsets[level - 1]
            node, lane = offsets[level] + place // LANES, place % LANES
            for d in range(lower.shape[1]):
                lower[node, d, lane] = lower[child, d].min()
                upper[node, d, lane] = upper[child, d].max()


@njit(parallel=True, cache=True)
def homes(coordinates: Float32, tree: Tree) -> Index:
    """Return the leaf into which each query falls."""
    found = np.empty(coordinates.shape[0], np.intp)
    for i in prange(found.size):
        split, first, last = 0, 0, tree.blocks.shape[0]
        while last - first > 1:
            centre = middle(first, last)
            if coordinates[i, tree.axis[split]] < tree.threshold[split]:
                split, last = 2 * split + 1, centre
            else:
                split, first = 2 * split + 2, centre
        found[i] = first
    return found
