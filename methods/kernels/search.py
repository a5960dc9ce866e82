"""Nearest neighbours of image patches, exactly and under a budget.

Points are centred, rotated onto their principal axes, split at medians into leaves of 64, and boxed. A node
holds the boxes of 64 children, so one pass over 64 float32 lanes bounds the distance to all of them, just as
one pass measures the distance to all points of a leaf. Queries walk the tree in groups, box by box: a leaf
is fetched from memory once for all queries of a group that need it.

The tree is a k-d tree (Friedman, Bentley & Finkel 1977) with bounding boxes instead of splitting planes; the
budget is that of Arya & Mount (1993).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from .tree_kernels import Tree

LARGEST = 1e15  #: Coordinates beyond this would overflow a squared float32 distance

GROUP = 32768
"""Maximum number of queries per group. With more queries a cached leaf is used more often, but each query may
need half a kilobyte of lists per level of the tree."""

BUDGET_STEPS = 64
"""Number of evenly spaced budgets from which `PatchIndex.budget_for` chooses. The smallest still reaches any
point with `LARGEST` coordinates while too few neighbours are known."""


class PatchIndex:
    """An index of points for nearest-neighbour search in Euclidean distance.

    The result of a query depends on the points and that query alone, not on other queries or the number of
    threads. Equal distances are ordered by the row of the point.

    Parameters
    ----------
    points : array (M, D) of float32
        The references, finite. C-contiguous float32 is kept without a copy and must not change afterwards.

    Raises
    ------
    ValueError
        If the points are not a table, are empty, or are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> index = PatchIndex(np.array([[0, 0], [3, 4], [6, 8]], np.float32))
    >>> distances, rows = index.query(np.array([[3, 3]], np.float32), neighbours=2)
    >>> distances.astype(float).round(3).tolist(), rows.tolist()
    ([[1.0, 4.243]], [[1, 0]])
    """

    def __init__(self, points: NDArray[np.float32]) -> None:
        self.points = _table(points, "points")
        if len(self.points) == 0:
            raise ValueError("an index needs at least one point, and points is empty")
        self._mean, self._axes = _principal_axes(self.points)
        self._tree = _grow(self._turn(self.points))

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.points)

    def query(
        self, queries: NDArray[np.float32], neighbours: int = 5, budget: float | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Find the nearest points of every query.

        Many queries at once are much faster than single ones, and queries of whole photos are faster still.

        Parameters
        ----------
        queries : array (Q, D) of float32
            The points to look for, finite.
        neighbours : int, default 5
            Number of neighbours to return, K, at most M.
        budget : float, optional
            Share of the search radius that is searched, from 1 / `BUDGET_STEPS` to 1: boxes farther than
            `budget` times the distance of the Kth neighbour found so far are passed over, so no distance
            returned is more than ``1 / budget`` times the exact one. By default the search is exact;
            `budget_for` chooses a budget.

        Returns
        -------
        distances : array (Q, K) of float32
            Euclidean distances, ascending.
        rows : array (Q, K) of intp
            The rows of the neighbours among the points; equal distances by ascending row.

        Raises
        ------
        ValueError
            If the queries are not a finite table with as many columns as the points, there are fewer points
            than neighbours, or the budget is not a share.
        """
        from numba import get_num_threads

        from . import tree_kernels, walk_kernels  # Numba is slow to import

        queries, dimensions = _table(queries, "queries"), self.points.shape[1]
        if queries.shape[1] != dimensions:
            raise ValueError(
                f"queries have {queries.shape[1]} columns and the points of the index {dimensions}: "
                "extract both with the same patch size"
            )
        if not 1 <= neighbours <= len(self):
            raise ValueError(
                f"neighbours={neighbours} requested from an index of {len(self)} points: "
                f"choose between 1 and {len(self)}"
            )
        budget = 1.0 if budget is None else budget
        if not 1 / BUDGET_STEPS <= budget <= 1:
            raise ValueError(
                f"budget={budget} is not a share of the search radius: choose from 1/{BUDGET_STEPS} to 1"
            )
        distances = np.empty((len(queries), neighbours), np.float32)
        rows = np.empty((len(queries), neighbours), np.intp)
        if len(queries):
            coordinates = self._turn(queries)
            home = tree_kernels.homes(coordinates, self._tree)
            order = np.argsort(home, kind="stable")
            threads = get_num_threads()
            groups = threads * -(-len(queries) // (threads * GROUP))
            tree, points = self._tree, self.points
            walk_kernels.search(
                tree, points, queries, coordinates, home, order, groups, float(budget), distances, rows
            )
        return distances, rows

    def budget_for(
        self, queries: NDArray[np.float32], neighbours: int = 5, recall: float = 0.95, seed: int = 0
    ) -> float:
        """Return the smallest budget that reaches a recall on held-out queries.

        Parameters
        ----------
        queries : array (Q, D) of float32
            Typical queries, from photos that gave no points; at most 4096 of them are drawn.
        neighbours : int
            As for `query`.
        recall : float
            The `recall_by_distance` to reach, at most 1.
        seed : int
            Seed for drawing the queries.

        Returns
        -------
        float
            A multiple of 1 / `BUDGET_STEPS`; 1, which is exact, if no smaller budget reaches the recall.

        Raises
        ------
        ValueError
            As for `query`, or if there are no queries.
        """
        queries = _table(queries, "queries")
        if len(queries) == 0:
            raise ValueError("a budget is chosen on held-out queries, and queries is empty")
        drawn = np.random.default_rng(seed).permutation(len(queries))[:4096]
        queries = queries[np.sort(drawn)]
        exact, _ = self.query(queries, neighbours)
        low, high = 0, BUDGET_STEPS
        while high - low > 1:
            middle = (low + high) // 2
            distances, _ = self.query(queries, neighbours, middle / BUDGET_STEPS)
            low, high = (low, middle) if recall_by_distance(distances, exact) >= recall else (middle, high)
        return high / BUDGET_STEPS

    def _turn(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the coordinates along the principal axes, padded with zeros to a multiple of `STEP`."""
        from .tree_kernels import rotate  # Numba is slow to import

        coordinates = np.empty((len(points), self._axes.shape[1]), np.float32)
        rotate(points, self._mean, self._axes, coordinates)
        return coordinates


def recall_by_distance(distances: NDArray[np.float32], exact: NDArray[np.float32]) -> float:
    """Return the share of neighbours no farther than the exact Kth one.

    Distances are compared, not rows: any copy of the same patch counts.

    Parameters
    ----------
    distances, exact : array (Q, K) of float32
        Distances found, and the exact ones, ascending; a relative difference of 1e-5 counts as rounding.
    """
    return float((distances <= exact[:, -1:] * (1 + 1e-5)).mean())


def warm_up() -> None:
    """Compile the search, or load it from Numba's cache, so that the first query is timed like the next."""
    PatchIndex(np.zeros((1, 1), np.float32)).query(np.zeros((1, 1), np.float32), 1)


def _table(points: NDArray[Any], name: str) -> NDArray[np.float32]:
    """Check that the points are a finite table and return them as C-contiguous float32."""
    points = np.ascontiguousarray(points, dtype=np.float32)
    if points.ndim != 2 or points.shape[1] == 0:
        raise ValueError(
            f"{name} must have the shape (count, dimensions), not {points.shape}: reshape patches to rows"
        )
    if points.size and not np.abs(points).max() <= LARGEST:
        row = int(np.argmin((np.abs(points) <= LARGEST).all(axis=1)))
        raise ValueError(
            f"{name} must be finite and at most {LARGEST:g} in size, but row {row} is not: {points[row]}"
        )
    return points


def _principal_axes(points: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the axes (D, D padded to whole steps) of at most about 100,000 points."""
    from .tree_kernels import STEP  # Numba is slow to import

    dimensions = points.shape[1]
    sample = points[:: -(-len(points) // 100_000)].astype(np.float64)
    mean = sample.mean(axis=0)
    sample -= mean
    with threadpool_limits(limits=1):  # BLAS sums in another order with other threads
        _, vectors = np.linalg.eigh(sample.T @ sample)
    axes = np.zeros((dimensions, -(-dimensions // STEP) * STEP))
    axes[:, :dimensions] = vectors[:, ::-1]
    return mean, axes


def _aligned(shape: tuple[int, ...], value: float) -> NDArray[np.float32]:
    """Return a full array that starts on a cache line, so that no load of 16 lanes crosses two."""
    size = int(np.prod(shape))
    room = np.empty(size + 16, np.float32)
    array = room[-room.ctypes.data % 64 // 4 :][:size].reshape(shape)
    array[...] = value
    return array


def _grow(coordinates: NDArray[np.float32]) -> "Tree":
    """Build the tree over rotated points."""
    from .tree_kernels import LANES, Tree, enclose, fill, grow  # Numba is slow to import

    count, dimensions = coordinates.shape
    leaves = -(-count // LANES)
    nodes = [-(-leaves // LANES)]
    while nodes[-1] > 1:
        nodes.append(-(-nodes[-1] // LANES))
    depth = (leaves - 1).bit_length() + len(nodes)  # halving in whole nodes may cost one split per level
    tree = Tree(
        blocks=_aligned((leaves, dimensions, LANES), np.inf),
        rows=np.zeros((leaves, LANES), np.intp),
        lower=_aligned((sum(nodes), dimensions, LANES), np.inf),
        upper=_aligned((sum(nodes), dimensions, LANES), -np.inf),
        offsets=np.cumsum([0, *nodes[:-1]], dtype=np.intp),
        axis=np.zeros(2**depth - 1, np.intp),
        threshold=np.zeros(2**depth - 1, np.float32),
    )
    order = grow(coordinates, leaves, tree.axis, tree.threshold)
    fill(coordinates, order, tree.blocks, tree.rows, tree.lower, tree.upper)
    enclose(tree.lower, tree.upper, tree.offsets)
    return tree
