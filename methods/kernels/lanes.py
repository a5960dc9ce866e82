"""Sixty-four float32 lanes at a time: the one inner loop of the nearest-neighbour search.

Private, and imports Numba; `search` is the public module.

Why LLVM vectors by hand: Numba's own vectoriser keeps the 64 running sums in memory and guards every
inner loop against aliasing. Written as one LLVM vector they stay in registers (four of AVX-512, eight of
AVX2, sixteen of NEON), which is twice as fast, and a comparison gives a 64-bit mask instead of a loop.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 64
"""Points in a leaf and children in a node."""

STEP = 5
"""Dimensions summed between two looks at the limit; tables are padded to a multiple of it."""

_FLOAT = ir.FloatType()
_INDEX = ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_FUSED = ("contract",)

Gap = Callable[[ir.IRBuilder, Sequence[ir.Value], ir.Value], ir.Value]


def _splat(builder: ir.IRBuilder, scalar: ir.Value) -> ir.Value:
    """Copy a scalar to every lane."""
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    first = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, undefined, first)


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
    """Emit the loop over dimensions that stops once every lane is past the limit."""

    def data(context: Any, builder: ir.IRBuilder, array: types.Array, value: ir.Value) -> ir.Value:
        return cgutils.create_struct_proxy(array)(context, builder, value).data

    def codegen(
        context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]
    ) -> ir.Value:
        *tables, table, queries, query, dimensions, limit, sums = arguments
        kinds = signature.args
        rows = [data(context, builder, kind, value) for kind, value in zip(kinds, tables, strict=False)]
        query_row = data(context, builder, kinds[len(tables) + 1], queries)
        query_row = builder.gep(query_row, [builder.mul(query, dimensions)])
        start = builder.mul(table, builder.mul(dimensions, ir.Constant(_INDEX, LANES)))
        rows = [builder.gep(row, [start]) for row in rows]
        limits = _splat(builder, limit)

        total = cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, [0.0] * LANES))
        mask = cgutils.alloca_once_value(builder, ir.Constant(_INDEX, 0))
        dimension = cgutils.alloca_once_value(builder, ir.Constant(_INDEX, 0))
        loop, done = builder.append_basic_block("step"), builder.append_basic_block("done")
        builder.branch(loop)

        builder.position_at_end(loop)
        first, running = builder.load(dimension), builder.load(total)
        for offset in range(STEP):
            index = builder.add(first, ir.Constant(_INDEX, offset))
            lane = builder.mul(index, ir.Constant(_INDEX, LANES))
            pointers = [builder.bitcast(builder.gep(row, [lane]), _VECTOR.as_pointer()) for row in rows]
            values = [builder.load(pointer, align=4) for pointer in pointers]
            difference = gap(builder, values, _splat(builder, builder.load(builder.gep(query_row, [index]))))
            square = builder.fmul(difference, difference, flags=_FUSED)
            running = builder.fadd(running, square, flags=_FUSED)
        builder.store(running, total)
        within = builder.bitcast(builder.fcmp_ordered("<=", running, limits), _INDEX)
        builder.store(within, mask)
        following = builder.add(first, ir.Constant(_INDEX, STEP))
        builder.store(following, dimension)
        more = builder.icmp_signed("<", following, dimensions)
        alive = builder.icmp_signed("!=", within, ir.Constant(_INDEX, 0))
        builder.cbranch(builder.and_(more, alive), loop, done)

        builder.position_at_end(done)
        pointer = builder.bitcast(data(context, builder, kinds[-1], sums), _VECTOR.as_pointer())
        builder.store(builder.load(total), pointer, align=4)
        return builder.load(mask)

    return codegen


@intrinsic
def points_within(_typing: Any, blocks, block, queries, query, dimensions, limit, sums):  # noqa: ANN001, ANN201  # Numba types
    """Squared distances from `queries[query]` to the 64 points of `blocks[block]`.

    `blocks` is float32 (B, D, 64), `queries` float32 (Q, D), both C-contiguous, D a multiple of `STEP`.
    Returns the uint64 mask of the lanes whose squared distance is at most `limit`, and writes the squared
    distances to `sums` (float32, 64); they are partial sums where the mask is 0.
    """
    index = types.intp
    signature = types.uint64(blocks, index, queries, index, index, types.float32, sums)
    return signature, _sum_of_squared_gaps(_gap_to_point)


@intrinsic
def boxes_within(_typing: Any, lower, upper, node, queries, query, dimensions, limit, sums):  # noqa: ANN001, ANN201  # Numba types
    """Squared distances from `queries[query]` to the 64 boxes of `lower[node]` and `upper[node]`.

    As `points_within`; a query inside a box is at distance 0.
    """
    index = types.intp
    signature = types.uint64(lower, upper, index, queries, index, index, types.float32, sums)
    return signature, _sum_of_squared_gaps(_gap_to_box)


@intrinsic
def lowest_lane(_typing: Any, mask):  # noqa: ANN001, ANN201  # Numba types
    """Return the number of the lowest lane set in a mask that is not 0."""

    def codegen(
        _context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Sequence[ir.Value]
    ) -> ir.Value:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.intp(types.uint64), codegen
