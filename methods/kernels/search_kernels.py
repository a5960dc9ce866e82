"""The loops of `search`: growing the tree of boxes and walking it with a group of queries.

Private, and imports Numba; `search` is the public module, and says what the tree is.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from .lanes import LANES, boxes_within, lowest_lane, points_within

FASTMATH = {"contract"}
"""Fused multiply-adds only: no reordering, and infinities keep their meaning (they are the padding)."""

FARTHEST = np.float32(3e38)
"""A squared distance that no point reaches and that any point replaces; finite, so padding stays beyond."""

SLACK = np.float32(1 - 1e-5)
"""Boxes are taken this much nearer than computed, so that rounding never hides a neighbour."""

NOBODY = np.iinfo(np.intp).max


class Tree(NamedTuple):
    """The arrays of an index: leaves of 64 points, nodes of 64 boxes, level 0 being the boxes of leaves."""

    blocks: NDArray[np.float32]  # (leaves, D, 64): coordinates, infinite in empty lanes
    rows: NDArray[np.intp]  # (leaves, 64): where each point stood in the input
    lower: NDArray[np.float32]  # (nodes, D, 64)
    upper: NDArray[np.float32]  # (nodes, D, 64)
    offsets: NDArray[np.intp]  # (levels,): the first node of each level
    axis: NDArray[np.intp]  # (splits,): binary splits in heap order, to find the leaf of a query
    threshold: NDArray[np.float32]  # (splits,)


@njit(parallel=True, cache=True, fastmath=FASTMATH)
def rotate(points, mean, axes, coordinates):
    """Coordinates = (points - mean) @ axes, each row summed in the same order wherever it stands."""
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
def middle(first, last):
    """Return the leaf at which a run of leaves is split: a whole number of full nodes to the left."""
    full = 1
    while full * LANES < last - first:
        full *= LANES
    return first + ((last - first + full - 1) // full // 2) * full


@njit(cache=True)
def select(keys, rows, first, last, rank):
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
def widest(coordinates, rows):
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
def grow(coordinates, leaves, axis, threshold):
    """Split the points at medians, down to leaves; fills `axis` and `threshold`, returns rows leaf by leaf."""
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
def fill(coordinates, order, blocks, block_rows, lower, upper):
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
def enclose(lower, upper, offsets):
    """Box every node of the upper levels."""
    for level in range(1, offsets.size):
        for child in range(offsets[level - 1], offsets[level]):
            place = child - offsets[level - 1]
            node, lane = offsets[level] + place // LANES, place % LANES
            for d in range(lower.shape[1]):
                lower[node, d, lane] = lower[child, d].min()
                upper[node, d, lane] = upper[child, d].max()


@njit(parallel=True, cache=True)
def homes(coordinates, tree):
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


@njit(cache=True)
def keep(query, square, row, squares, nearest):
    """Insert a candidate among the neighbours of a query, ordered by (distance, row)."""
    place = squares.shape[1] - 1
    if square > squares[query, place] or (square == squares[query, place] and row > nearest[query, place]):
        return
    while place > 0 and (
        squares[query, place - 1] > square
        or (squares[query, place - 1] == square and nearest[query, place - 1] > row)
    ):
        squares[query, place] = squares[query, place - 1]
        nearest[query, place] = nearest[query, place - 1]
        place -= 1
    squares[query, place] = square
    nearest[query, place] = row


@njit(cache=True)
def scan(tree, leaf, queries, query, squares, nearest, sums):
    """Look at the 64 points of a leaf for one query."""
    limit = squares[query, squares.shape[1] - 1]
    mask = points_within(tree.blocks, leaf, queries, query, queries.shape[1], limit, sums)
    while mask != 0:
        lane = lowest_lane(mask)
        mask &= mask - np.uint64(1)
        keep(query, sums[lane], tree.rows[leaf, lane], squares, nearest)


@njit(cache=True)
def call(tree, node, query, queries, squares, waiting, bounds, counts, level, sums):
    """Put a query on the list of every child of a node that may hold a neighbour of it."""
    limit = squares[query, squares.shape[1] - 1] / SLACK
    mask = boxes_within(tree.lower, tree.upper, node, queries, query, queries.shape[1], limit, sums)
    while mask != 0:
        child = lowest_lane(mask)
        mask &= mask - np.uint64(1)
        place = counts[level, child]
        waiting[level, child, place] = query
        bounds[level, child, place] = sums[child] * SLACK
        counts[level, child] = place + 1


@njit(cache=True)
def walk(tree, queries, home, squares, nearest):
    """Find the neighbours of a group of queries, box by box: each leaf is read once for all of them."""
    levels = tree.offsets.size
    last = squares.shape[1] - 1
    waiting = np.empty((levels, LANES, queries.shape[0]), np.int32)
    bounds = np.empty((levels, LANES, queries.shape[0]), np.float32)
    counts = np.zeros((levels, LANES), np.intp)
    child = np.zeros(levels, np.intp)
    node = np.zeros(levels, np.intp)
    sums = np.empty(LANES, np.float32)

    level = levels - 1
    for query in range(queries.shape[0]):
        scan(tree, home[query], queries, query, squares, nearest, sums)
        call(tree, tree.offsets[level], query, queries, squares, waiting, bounds, counts, level, sums)
    while level < levels:
        if child[level] == LANES:
            child[level] = 0
            level += 1
            continue
        lane = child[level]
        child[level] += 1
        called, counts[level, lane] = counts[level, lane], 0
        if called == 0:
            continue
        place = node[level] * LANES + lane
        if level == 0:
            for i in range(called):
                query = waiting[0, lane, i]
                if bounds[0, lane, i] <= squares[query, last] and home[query] != place:
                    scan(tree, place, queries, query, squares, nearest, sums)
        else:
            level -= 1
            node[level] = place
            for i in range(called):
                query = waiting[level + 1, lane, i]
                if bounds[level + 1, lane, i] <= squares[query, last]:
                    inside = tree.offsets[level] + place
                    call(tree, inside, query, queries, squares, waiting, bounds, counts, level, sums)


@njit(cache=True)
def settle(points, sought, rows, distances):
    """Sort the neighbours found by their distance in the space of the input, in float64."""
    for j in range(rows.size):
        total = 0.0
        for d in range(sought.size):
            total += (np.float64(points[rows[j], d]) - np.float64(sought[d])) ** 2
        distance, row = np.float32(np.sqrt(total)), rows[j]
        place = j
        while place > 0 and (
            distances[place - 1] > distance or (distances[place - 1] == distance and rows[place - 1] > row)
        ):
            distances[place], rows[place] = distances[place - 1], rows[place - 1]
            place -= 1
        distances[place], rows[place] = distance, row


@njit(parallel=True, cache=True)
def search(tree, points, sought, coordinates, home, order, groups, distances, rows):
    """Answer every query; group g takes every `groups`-th query of the order, so that groups cost alike."""
    count, dimensions = coordinates.shape
    neighbours = rows.shape[1]
    for group in prange(groups):
        size = (count - group + groups - 1) // groups
        queries = np.empty((size, dimensions), np.float32)
        leaf = np.empty(size, np.intp)
        for i in range(size):
            query = order[group + i * groups]
            queries[i] = coordinates[query]
            leaf[i] = home[query]
        squares = np.full((size, neighbours), FARTHEST, np.float32)
        nearest = np.full((size, neighbours), NOBODY, np.intp)
        walk(tree, queries, leaf, squares, nearest)
        for i in range(size):
            query = order[group + i * groups]
            rows[query] = nearest[i]
            settle(points, sought[query], rows[query], distances[query])
