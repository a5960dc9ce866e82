"""Self-organising maps: a grid of codewords that covers the samples, with similar neighbours."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

RADII = (1.0, 0.1)
"""Standard deviation of the neighbourhood at the first and the last step, in nodes (ours: a map that starts
unfolded need not be unfolded by a wide neighbourhood, and a narrow end lowers the quantisation error)."""

RATES = (0.5, 0.01)  #: Learning rate at the first and at the last step of online training

STEPS_PER_NODE = 500
"""Online steps for every node (Kohonen 2001, §3.7, "at least 500 times the number of network units")."""


def train_som(
    samples: NDArray[np.float32],
    rows: int = 16,
    columns: int = 16,
    *,
    rule: Literal["online", "batch"] = "online",
    radii: tuple[float, float] = RADII,
    steps: int | None = None,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Train a self-organising map with a Gaussian neighbourhood on a rectangular grid.

    Codewords start on the plane of the two principal axes (Kohonen 2001, §3.7). The neighbourhood's standard
    deviation shrinks between `radii`, and the online learning rate between `RATES`, both as
    ``first * (last / first) ** (t / steps)`` (Ritter, Martinetz & Schulten 1992, §4).

    Parameters
    ----------
    samples : array (N, D) of float32
        Finite samples, such as the chroma of pixels.
    rows, columns : int
        Sides of the grid.
    rule : {"online", "batch"}
        ``online`` moves the map towards one random sample per step (Kohonen 1990, eq. 5); ``batch`` moves
        every codeword to the weighted mean of all samples (Kohonen 2013, §4.2), and needs no seed.
    radii : tuple of two float
        Standard deviation of the neighbourhood at the first and the last step, in nodes, above 0.
    steps : int, optional
        Samples drawn (online; by default `STEPS_PER_NODE` per node) or passes over the samples (batch; 20).
    seed : int
        Seed for drawing the samples of online training.

    Returns
    -------
    array (rows * columns, D) of float32
        The codewords, node ``row * columns + column``. The same for any number of threads.

    Raises
    ------
    ValueError
        If the samples are not a finite table, or if the grid, the radii, the rule or the steps are invalid.

    References
    ----------
    Kohonen, "The self-organizing map", Proc. IEEE 78(9), 1990. Kohonen, *Self-Organizing Maps*, 3rd ed.,
    2001. Kohonen, "Essentials of the self-organizing map", Neural Networks 37, 2013. Ritter, Martinetz &
    Schulten, *Neural Computation and Self-Organizing Maps*, 1992.

    Examples
    --------
    >>> import numpy as np
    >>> samples = np.random.default_rng(0).uniform(0, 1, (1000, 2)).astype(np.float32)
    >>> codewords = train_som(samples, 4, 4)
    >>> codewords.shape, quantisation_error(samples, codewords) < 0.15
    ((16, 2), True)
    """
    from .som_kernels import learn_batch, learn_online  # Numba is slow to import

    samples = _table(samples, "samples")
    if len(samples) == 0:
        raise ValueError("a map needs at least one sample, and samples is empty")
    if rows < 1 or columns < 1:
        raise ValueError(f"a map of {rows} × {columns} nodes has no nodes: give both sides at least 1")
    if min(radii) <= 0:
        raise ValueError(f"radii={radii} must be above 0: a neighbourhood of width 0 has no Gaussian")
    codewords = _principal_plane(samples, rows, columns)
    trained: NDArray[np.float32]
    if rule == "online":
        steps = STEPS_PER_NODE * rows * columns if steps is None else _positive(steps)
        drawn = np.random.default_rng(seed).integers(0, len(samples), steps)
        trained = learn_online(samples, drawn, codewords, columns, *radii, *RATES)
    elif rule == "batch":
        steps = 20 if steps is None else _positive(steps)
        trained = learn_batch(samples, steps, codewords, columns, *radii)
    else:
        raise ValueError(f'rule={rule!r} is unknown: choose "online" or "batch"')
    return trained


def assign(samples: NDArray[np.float32], codewords: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the nearest codeword of every sample; the first one in case of ties.

    Parameters
    ----------
    samples : array (N, D) of float32
        Finite samples.
    codewords : array (nodes, D) of float32
        A trained map or any other codebook.

    Returns
    -------
    array (N,) of intp
        Nodes.

    Raises
    ------
    ValueError
        If one of them is not a finite table, or if their columns differ.
    """
    return _nearest(samples, codewords)[0]


def quantisation_error(samples: NDArray[np.float32], codewords: NDArray[np.float32]) -> float:
    """Return the mean Euclidean distance between the samples and their nearest codewords.

    Parameters and errors are those of `assign`.
    """
    return float(np.sqrt(_nearest(samples, codewords)[1]).mean(dtype=np.float64))


def warm_up() -> None:
    """Compile the kernels, or load them from Numba's cache, so that the first map is timed like the next."""
    samples = np.zeros((1, 1), np.float32)
    train_som(samples, 1, 1, steps=1)
    quantisation_error(samples, train_som(samples, 1, 1, rule="batch", steps=1))


def _nearest(
    samples: NDArray[np.float32], codewords: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the nearest codewords and the squared distances to them."""
    from .som_kernels import nearest  # Numba is slow to import

    samples, codewords = _table(samples, "samples"), _table(codewords, "codewords")
    if samples.shape[1] != codewords.shape[1] or len(codewords) == 0:
        raise ValueError(
            f"samples of shape {samples.shape} cannot be assigned to codewords of shape {codewords.shape}: "
            "train the map on samples with the same columns"
        )
    nodes = np.empty(len(samples), np.intp)
    squares = np.empty(len(samples), np.float32)
    nearest(samples, np.ascontiguousarray(codewords.T), nodes, squares)
    return nodes, squares


def _table(values: NDArray[Any], name: str) -> NDArray[np.float32]:
    """Check that the values are a finite table and return them as C-contiguous float32."""
    values = np.ascontiguousarray(values, dtype=np.float32)
    if values.ndim != 2 or values.shape[1] == 0:
        raise ValueError(f"{name} must have the shape (count, channels), not {values.shape}")
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values).all(axis=1)))
        raise ValueError(f"{name} must be finite, but row {row} is not: {values[row]}")
    return values


def _positive(steps: int) -> int:
    if steps < 1:
        raise ValueError(f"steps={steps} trains nothing: give at least 1")
    return steps


def _principal_plane(samples: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Return a grid over two deviations each way along the two principal axes, the longer side first."""
    sample = samples[:: -(-len(samples) // 100_000)].astype(np.float64)
    mean = sample.mean(axis=0)
    sample -= mean
    with threadpool_limits(limits=1):  # BLAS sums in another order with other threads
        variances, axes = np.linalg.eigh(sample.T @ sample / len(sample))
    plane = np.zeros((2, samples.shape[1]))
    spread = (axes * np.sqrt(np.maximum(variances, 0))).T[::-1][:2]
    plane[: len(spread)] = spread
    along_rows, along_columns = (1, 0) if columns >= rows else (0, 1)
    down, across = np.meshgrid(np.linspace(-2, 2, rows), np.linspace(-2, 2, columns), indexing="ij")
    grid = mean + down[..., None] * plane[along_rows] + across[..., None] * plane[along_columns]
    return np.asarray(grid.reshape(rows * columns, -1), np.float32)
