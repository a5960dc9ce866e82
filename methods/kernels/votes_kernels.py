"""The loop of `votes`. Private, and imports Numba; `votes` is the public module."""

import numpy as np
from numba import njit, prange


@njit(parallel=True, cache=True)
def decode(votes, codewords, power, colours):
    """colours[i] = the codewords of votes[i] under weights count**power; an infinite power: the majority."""
    neighbours = votes.shape[1]
    for i in prange(len(votes)):
        classes = np.empty(neighbours, np.intp)
        counts = np.zeros(neighbours, np.int64)
        distinct = 0
        most = 0
        for vote in votes[i]:
            at = 0
            while at < distinct and classes[at] != vote:
                at += 1
            if at == distinct:
                classes[at] = vote
                distinct += 1
            counts[at] += 1
            most = max(most, counts[at])
        total = 0.0
        sums = np.zeros(codewords.shape[1])
        for at in range(distinct):
            if np.isinf(power):
                weight = 1.0 if counts[at] == most and total == 0 else 0.0
            else:
                weight = (counts[at] / most) ** power
            total += weight
            for d in range(codewords.shape[1]):
                sums[d] += weight * codewords[classes[at], d]
        for d in range(codewords.shape[1]):
            colours[i, d] = sums[d] / total
