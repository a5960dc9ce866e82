"""One colour from the classes of the neighbours."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Decoding = Literal["majority", "mean", "annealed"]


def decode_votes(
    votes: NDArray[np.intp], codewords: NDArray[np.float32], decoding: Decoding, temperature: float = 0.38
) -> NDArray[np.float32]:
    """Turn the neighbours' classes into colours.

    Parameters
    ----------
    votes : array (Q, K) of intp
        The classes of each query's neighbours, nearest first.
    codewords : array (nodes, D) of float32
        The colour of each class.
    decoding : {"majority", "mean", "annealed"}
        ``majority``: the class with the most votes; in case of ties the one voted for first.
        ``mean``: the mean of the votes' codewords. ``annealed``: the mean of the codewords under the shares
        of votes raised to ``1 / temperature`` (Zhang, Isola & Efros 2016, eq. 5).
    temperature : float
        Temperature of ``annealed``, between 0 (majority) and 1 (mean), both excluded.

    Returns
    -------
    array (Q, D) of float32
        Colours. The same for any number of threads.

    Raises
    ------
    ValueError
        If there are no votes, if a vote is not a row of the codewords, or if the decoding is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> codewords = np.array([[0, 0], [30, 0]], np.float32)
    >>> decode_votes(np.array([[0, 1, 1]]), codewords, "mean").tolist()
    [[20.0, 0.0]]
    >>> decode_votes(np.array([[0, 1, 1]]), codewords, "majority").tolist()
    [[30.0, 0.0]]
    """
    from .votes_kernels import decode  # Numba is slow to import

    votes = np.ascontiguousarray(votes, dtype=np.intp)
    if votes.ndim != 2 or votes.shape[1] == 0:
        raise ValueError(f"votes must have the shape (queries, neighbours), not {votes.shape}")
    if votes.size and not (votes.min() >= 0 and votes.max() < len(codewords)):
        raise ValueError(
            f"votes run from {votes.min()} to {votes.max()}, and there are {len(codewords)} codewords"
        )
    powers = {"majority": np.inf, "mean": 1.0, "annealed": 1 / temperature}
    if decoding not in powers:
        raise ValueError(f'decoding={decoding!r} is unknown: choose "majority", "mean" or "annealed"')
    colours = np.empty((len(votes), codewords.shape[1]), np.float32)
    decode(votes, np.ascontiguousarray(codewords, dtype=np.float32), powers[decoding], colours)
    return colours
