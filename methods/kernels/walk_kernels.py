"""The walk of `search`: a group of queries goes through the tree, and each leaf is read once for all of them.

Private, and imports Numba; `search` is the public module.

The innermost loop is written as LLVM vectors. Numba's vectoriser keeps the 64 running sums in memory and
guards every inner loop against aliasing; as one vector they stay in registers (four of AVX-512, eight of
AVX2, sixteen of NEON), which is twice as fast, and a comparison gives a 64-bit mask instead of a loop.
"""

# Numba and llvmlite ship no types, and an intrinsic is called without its first argument.
# mypy: disable-error-code="import-untyped, untyped-decorator, no-untyped-call, call-arg, var-annotated"

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from .tree_kernels import LANES, STEP, Float32, Index, Tree

LOOK = 25
"""Dimensions summed between two checks of the limit. Checking more often costs more in mispredicted branches
than it saves in sums (25-d patches: 5.1 µs per query when checking every 5, 4.3 every 25)."""

AHEAD = 4  #: How many queries ahead the coordinates are fetched from memory

APART = 48  #: Padding after each list: lists a power of two apart would compete for cache lines

FARTHEST = np.float32(3e38)
"""A squared distance that no point reaches and that any point replaces; finite, so padding stays beyond."""

SLACK = np.float32(1 + 1e-5)
"""Factor that widens limits for boxes, so that rounding never hides a neighbour."""

NOBODY = np.iinfo(np.intp).max

_FLOAT = ir.FloatType()
_INDEX = ir.IntType(64)
_WORD = ir.IntType(32)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_FUSED = ("contract",)

Int32 = npt.NDArray[np.int32]
Gap = Callable[[ir.IRBuilder, Sequence[ir.Value], ir.Value], ir.Value]


def _data(context: Any, builder: ir.IRBuilder, kind: types.Array, array: ir.Value) -> ir.Value:
    return cgutils.create_struct_proxy(kind)(context, builder, array).data


def _splat(builder: ir.IRBuilder, scalar: ir.Value) -> ir.Value:
    """Copy a scalar to every lane."""
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(undefined, scalar, ir.Constant(_WORD, 0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(_WORD, LANES), [0] * LANES))


def _larger(builder: ir.IRBuilder, left: ir.Value, right: ir.Value) -> ir.Value:
    return builder.select(builder.fcmp_ordered(">", left, right), left, right)


def _gap_to_point(builder: ir.IRBuilder, tables: Sequence[ir.Value], query: ir.Value) -> ir.Value:
    (point,) = tables
    return builder.fsub(point, query)


def _gap_to_box(builder: ir.IRBuilder, tables: Sequence[ir.Value], query: ir.Value) -> ir.Value:
    lower, upper = tables
    outside = _larger(builder, builder.fsub(lower, query), builder.fsub(query, upper))
    return _larger(builder, outside, ir.Constant(_VECTOR, [0.0] * LANES))


def _sum_of_squared_gaps(gap: Gap) -> Callable[..., Any]:
    """Emit the loop over dimensions, which stops at a check that finds every lane beyond the limit."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, given: Sequence[ir.Value]) -> ir.Value:
        *tables, table, queries, query, dimensions, limit, sums = given
        kinds = signature.args
        start = builder.mul(table, builder.mul(dimensions, ir.Constant(_INDEX, LANES)))
        tables = [_data(context, builder, kind, each) for kind, each in zip(kinds, tables, strict=False)]
        tables = [builder.gep(each, [start]) for each in tables]
        row = _data(context, builder, kinds[len(tables) + 1], queries)
        row = builder.gep(row, [builder.mul(query, dimensions)])
        limits = _splat(builder, limit)

        total = cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, [0.0] * LANES))
        dimension = cgutils.alloca_once_value(builder, ir.Constant(_INDEX, 0))
        loop, look, done = (builder.append_basic_block(name) for name in ("step", "look", "done"))
        builder.branch(loop)

        builder.position_at_end(loop)
        first = builder.load(dimension)
        step = None  # separate sums, so that steps need not wait for one another
        for offset in range(STEP):
            index = builder.add(first, ir.Constant(_INDEX, offset))
            lane = builder.mul(index, ir.Constant(_INDEX, LANES))
            places = [builder.bitcast(builder.gep(each, [lane]), _VECTOR.as_pointer()) for each in tables]
            values = [builder.load(place, align=4) for place in places]
            difference = gap(builder, values, _splat(builder, builder.load(builder.gep(row, [index]))))
            square = builder.fmul(difference, difference, flags=_FUSED)
            step = square if step is None else builder.fadd(step, square, flags=_FUSED)
        running = builder.fadd(builder.load(total), step)
        builder.store(running, total)
        following = builder.add(first, ir.Constant(_INDEX, STEP))
        builder.store(following, dimension)
        more = builder.icmp_signed("<", following, dimensions)
        between = builder.urem(following, ir.Constant(_INDEX, LOOK))
        between = builder.icmp_signed("!=", between, ir.Constant(_INDEX, 0))
        builder.cbranch(builder.and_(more, between), loop, look)

        builder.position_at_end(look)
        within = builder.bitcast(builder.fcmp_ordered("<=", running, limits), _INDEX)
        alive = builder.icmp_signed("!=", within, ir.Constant(_INDEX, 0))
        builder.cbranch(builder.and_(more, alive), loop, done)

        builder.position_at_end(done)
        place = builder.bitcast(_data(context, builder, kinds[-1], sums), _VECTOR.as_pointer())
        builder.store(running, place, align=4)
        return within

    return codegen


@intrinsic
def points_within(
    _typing: Any, blocks: Any, block: Any, queries: Any, query: Any, dimensions: Any, limit: Any, sums: Any
) -> Any:
    """Squared distances from `queries[query]` to the 64 points of `blocks[block]`.

    `blocks` is float32 (B, D, 64), `queries` float32 (Q, D), both C-contiguous, D a multiple of `STEP`.
    Returns the uint64 mask of the lanes whose squared distance is at most `limit`, and writes the squared
    distances to `sums` (float32, 64); they are partial sums where the mask is 0.
    """
    del block, query, dimensions, limit
    index = types.intp
    signature = types.uint64(blocks, index, queries, index, index, types.float32, sums)
    return signature, _sum_of_squared_gaps(_gap_to_point)


@intrinsic
def boxes_within(
    _typing: Any,
    lower: Any,
    upper: Any,
    node: Any,
    queries: Any,
    query: Any,
    dimensions: Any,
    limit: Any,
    sums: Any,
) -> Any:
    """Squared distances from `queries[query]` to the 64 boxes of `lower[node]` and `upper[node]`.

    As `points_within`; a query inside a box is at distance 0.
    """
    del node, query, dimensions, limit
    index = types.intp
    signature = types.uint64(lower, upper, index, queries, index, index, types.float32, sums)
    return signature, _sum_of_squared_gaps(_gap_to_box)


@intrinsic
def lowest_lane(_typing: Any, mask: Any) -> Any:
    """Return the number of the lowest lane set in a mask that is not 0."""
    del mask

    def codegen(_context: Any, builder: ir.IRBuilder, _signature: Any, given: Sequence[ir.Value]) -> ir.Value:
        return builder.cttz(given[0], ir.Constant(ir.IntType(1), 1))

    return types.intp(types.uint64), codegen


@intrinsic
def fetch(_typing: Any, array: Any, place: Any) -> Any:
    """Prefetch the cache line of an array's element, given its index."""
    del place

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, given: Sequence[ir.Value]) -> ir.Value:
        pointer = builder.gep(_data(context, builder, signature.args[0], given[0]), [given[1]])
        pointer = builder.bitcast(pointer, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, _WORD, _WORD, _WORD])
        llvm = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(llvm, [pointer, *(ir.Constant(_WORD, flag) for flag in (0, 3, 1))])  # read, keep, data
        return context.get_dummy_value()

    return types.void(array, types.intp), codegen


@njit(cache=True)
def keep(query: int, square: np.float32, row: int, squares: Float32, nearest: Index) -> None:
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
def scan(
    tree: Tree, leaf: int, called: Int32, queries: Float32, squares: Float32, nearest: Index, sums: Float32
) -> None:
    """Compare the 64 points of a leaf with every query called."""
    dimensions, last = queries.shape[1], squares.shape[1] - 1
    for i in range(called.size):
        query = called[i]
        ahead = np.intp(called[min(i + AHEAD, called.size - 1)])
        fetch(queries, ahead * dimensions)
        fetch(queries, ahead * dimensions + 16)
        fetch(squares, ahead * squares.shape[1])
        limit = squares[query, last]
        if limit == 0 and tree.rows[leaf, 0] > nearest[query, last]:
            continue  # enough copies of the query are known, and all of these have higher rows
        mask = points_within(tree.blocks, leaf, queries, query, dimensions, limit, sums)
        while mask != 0:
            lane = lowest_lane(mask)
            mask &= mask - np.uint64(1)
            keep(query, sums[lane], tree.rows[leaf, lane], squares, nearest)


@njit(cache=True)
def call(
    tree: Tree, node: int, called: Int32, queries: Float32, squares: Float32, share: np.float32,
    waiting: Int32, bounds: Float32, counts: Index, sums: Float32,
) -> None:  # fmt: skip
    """Add every query called to the list of each child of a node that may hold one of its neighbours."""
    last = squares.shape[1] - 1
    counts[:] = 0
    for i in range(called.size):
        query = called[i]
        limit = squares[query, last] * share
        mask = boxes_within(tree.lower, tree.upper, node, queries, query, queries.shape[1], limit, sums)
        while mask != 0:
            child = lowest_lane(mask)
            mask &= mask - np.uint64(1)
            waiting[child, counts[child]] = query
            bounds[child, counts[child]] = sums[child]
            counts[child] += 1


@njit(cache=True)
def choose(
    waiting: Int32,
    bounds: Float32,
    squares: Float32,
    share: np.float32,
    home: Index,
    leaf: int,
    called: Int32,
) -> int:
    """Call the waiting queries that may still find a neighbour, except those whose home is this leaf."""
    last = squares.shape[1] - 1
    count = 0
    for i in range(waiting.size):
        query = waiting[i]
        called[count] = query
        count += (bounds[i] <= squares[query, last] * share) & (home[query] != leaf)
    return count


@njit(cache=True)
def walk(
    tree: Tree, queries: Float32, home: Index, share: np.float32, squares: Float32, nearest: Index
) -> None:
    """Find the neighbours of a group of queries, in the order of their homes, box by box.

    Every query searches its home first, and then the boxes within `share` of the squared distance of its
    last neighbour so far.
    """
    size, levels = queries.shape[0], tree.offsets.size
    waiting = np.empty((levels, LANES, size + APART), np.int32)
    bounds = np.empty((levels, LANES, size + APART), np.float32)
    counts = np.zeros((levels, LANES), np.intp)
    child = np.zeros(levels, np.intp)
    node = np.zeros(levels, np.intp)
    sums = np.empty(LANES, np.float32)
    called = np.arange(size).astype(np.int32)

    first = 0
    for i in range(1, size + 1):
        if i == size or home[i] != home[first]:
            scan(tree, home[first], called[first:i], queries, squares, nearest, sums)
            first = i

    level = levels - 1
    root = tree.offsets[level]
    call(tree, root, called, queries, squares, share, waiting[level], bounds[level], counts[level], sums)
    while level < levels:
        lane = child[level]
        if lane == LANES:
            child[level] = 0
            level += 1
            continue
        child[level] += 1
        count = counts[level, lane]
        if count == 0:
            continue
        place = node[level] * LANES + lane
        leaf = place if level == 0 else -1
        lists = waiting[level, lane, :count], bounds[level, lane, :count]
        chosen = called[: choose(*lists, squares, share, home, leaf, called)]
        if level == 0:
            scan(tree, place, chosen, queries, squares, nearest, sums)
        elif chosen.size:
            level -= 1
            node[level] = place
            inside = tree.offsets[level] + place
            lists = waiting[level], bounds[level]
            call(tree, inside, chosen, queries, squares, share, *lists, counts[level], sums)


@njit(cache=True)
def settle(points: Float32, sought: Float32, rows: Index, distances: Float32) -> None:
    """Sort the neighbours found by their distance in the input space, in float64."""
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
def search(
    tree: Tree, points: Float32, sought: Float32, coordinates: Float32, home: Index, order: Index,
    groups: int, budget: float, distances: Float32, rows: Index,
) -> None:  # fmt: skip
    """Answer every query; group g takes every `groups`-th query of the order, so that groups cost alike."""
    dimensions, neighbours = coordinates.shape[1], rows.shape[1]
    share = np.float32(budget * budget * SLACK)
    for group in prange(groups):
        mine = order[group::groups]
        queries = np.empty((mine.size, dimensions), np.float32)
        leaf = np.empty(mine.size, np.intp)
        for i in range(mine.size):
            queries[i] = coordinates[mine[i]]
            leaf[i] = home[mine[i]]
        squares = np.full((mine.size, neighbours), FARTHEST, np.float32)
        nearest = np.full((mine.size, neighbours), NOBODY, np.intp)
        walk(tree, queries, leaf, share, squares, nearest)
        for i in range(mine.size):
            ahead = min(i + 2 * AHEAD, mine.size - 1)
            for j in range(neighbours):
                fetch(points, nearest[ahead, j] * points.shape[1])
                fetch(points, nearest[ahead, j] * points.shape[1] + 16)
            rows[mine[i]] = nearest[i]
            settle(points, sought[mine[i]], rows[mine[i]], distances[mine[i]])
