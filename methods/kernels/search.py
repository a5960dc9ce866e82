"""Nearest neighbours of image patches, exactly and under a budget.

Points are centred and turned onto their principal axes, split at medians into leaves of 64, and boxed: a
node holds the boxes of 64 children, so that one pass over 64 float32 lanes bounds the distance to all of
them, as it measures the distance to all the points of a leaf. Queries walk the tree in groups, box by box:
a leaf is fetched from memory once for all the queries of a group that need it.

The tree is a k-d tree (Friedman, Bentley & Finkel 1977) with bounding boxes instead of splitting planes;
sums stop as soon as they pass the limit (partial distance search, Cheng, Gersho, Ramamurthi & Shoham 1984).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from .search_kernels import Tree

LARGEST = 1e15
"""Coordinates beyond this would overflow a squared float32 distance."""

GROUP = 4096
"""Queries that walk together: enough to share what is read, few enough to stay in the cache."""


class PatchIndex:
    """An index of points for nearest-neighbour search in Euclidean distance.

    Answers depend on nothing but the points and the query: not on the other queries, nor on the number of
    threads. Equal distances are ordered by the row of the point.

    Parameters
    ----------
    points : array (M, D) of float32
        The references, finite. Kept, not copied, where they are C-contiguous float32; they must not change
        afterwards.

    Raises
    ------
    ValueError
        If the points are not a table, or there are none, or one is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> index = PatchIndex(np.array([[0, 0], [3, 4], [6, 8]], np.float32))
    >>> distances, rows = index.query(np.array([[3, 3]], np.float32), neighbours=2)
    >>> distances.round(3).tolist(), rows.tolist()
    ([[1.0, 4.243]], [[1, 0]])
    """

    def __init__(self, points: NDArray[np.float32]) -> None:
        self.points = _table(points, "points")
        count, dimensions = self.points.shape
        if count == 0:
            raise ValueError("an index needs at least one point, and points is empty")
        self._mean, self._axes = _principal_axes(self.points)
        self._tree = _grow(self._turn(self.points))
        self.dimensions = dimensions

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.points)

    def query(
        self, queries: NDArray[np.float32], neighbours: int = 5
    ) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Find the nearest points of every query.

        Many queries at once are much faster than one by one, and those of whole photos faster still.

        Parameters
        ----------
        queries : array (Q, D) of float32
            The points to look for, finite.
        neighbours : int, default 5
            How many neighbours to return, K, at most M.

        Returns
        -------
        distances : array (Q, K) of float32
            Euclidean distances, ascending.
        rows : array (Q, K) of intp
            The rows of the neighbours among the points; equal distances by ascending row.

        Raises
        ------
        ValueError
            If the queries are not a finite table with as many columns as the points, or there are fewer
            points than neighbours.
        """
        from .search_kernels import homes, search  # Numba is slow to import

        queries = _table(queries, "queries")
        if queries.shape[1] != self.dimensions:
            raise ValueError(
                f"queries have {queries.shape[1]} columns and the points of the index {self.dimensions}: "
                "extract both with the same patch size"
            )
        if not 1 <= neighbours <= len(self):
            raise ValueError(
                f"neighbours={neighbours} asked of an index of {len(self)} points: "
                f"choose between 1 and {len(self)}"
            )
        distances = np.zeros((len(queries), neighbours), np.float32)
        rows = np.zeros((len(queries), neighbours), np.intp)
        if len(queries):
            coordinates = self._turn(queries)
            home = homes(coordinates, self._tree)
            order = np.argsort(home, kind="stable")
            groups = max(-(-len(queries) // GROUP), min(16, -(-len(queries) // 64)))
            search(self._tree, self.points, queries, coordinates, home, order, groups, distances, rows)
        return distances, rows

    def _turn(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the coordinates along the principal axes, padded with zeros to whole steps."""
        from .search_kernels import rotate  # Numba is slow to import

        coordinates = np.empty((len(points), self._axes.shape[1]), np.float32)
        rotate(points, self._mean, self._axes, coordinates)
        return coordinates


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
            f"{name} must be finite and at most {LARGEST:g} in size, and row {row} is not: {points[row]}"
        )
    return points


def _principal_axes(points: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the axes (D, D padded to whole steps) of at most about 100,000 points."""
    from .lanes import STEP  # Numba is slow to import

    dimensions = points.shape[1]
    sample = points[:: -(-len(points) // 100_000)].astype(np.float64)
    mean = sample.mean(axis=0)
    sample -= mean
    with threadpool_limits(limits=1):  # BLAS sums in another order with other threads
        _, vectors = np.linalg.eigh(sample.T @ sample)
    axes = np.zeros((dimensions, -(-dimensions // STEP) * STEP))
    axes[:, :dimensions] = vectors[:, ::-1]
    return mean, axes


def _grow(coordinates: NDArray[np.float32]) -> "Tree":
    """Build the tree over turned points."""
    from .search_kernels import LANES, Tree, enclose, fill, grow  # Numba is slow to import

    count, dimensions = coordinates.shape
    leaves = -(-count // LANES)
    nodes = [-(-leaves // LANES)]
    while nodes[-1] > 1:
        nodes.append(-(-nodes[-1] // LANES))
    depth = (leaves - 1).bit_length() + len(nodes)  # halving in whole nodes may cost one split a level
    tree = Tree(
        blocks=np.full((leaves, dimensions, LANES), np.inf, np.float32),
        rows=np.zeros((leaves, LANES), np.intp),
        lower=np.full((sum(nodes), dimensions, LANES), np.inf, np.float32),
        upper=np.full((sum(nodes), dimensions, LANES), -np.inf, np.float32),
        offsets=np.cumsum([0, *nodes[:-1]], dtype=np.intp),
        axis=np.zeros(2**depth - 1, np.intp),
        threshold=np.zeros(2**depth - 1, np.float32),
    )
    order = grow(coordinates, leaves, tree.axis, tree.threshold)
    fill(coordinates, order, tree.blocks, tree.rows, tree.lower, tree.upper)
    enclose(tree.lower, tree.upper, tree.offsets)
    return tree
