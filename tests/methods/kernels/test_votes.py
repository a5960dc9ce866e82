import numpy as np
import pytest
from numpy.testing import assert_allclose

from huebench.methods.kernels.votes import decode_votes


def naive(votes, codewords, decoding, temperature):
    """One query at a time, with NumPy alone."""
    colours = []
    for row in votes:
        classes, first, counts = np.unique(row, return_index=True, return_counts=True)
        if decoding == "majority":
            winners = np.flatnonzero(counts == counts.max())
            colours.append(codewords[classes[winners[first[winners].argmin()]]])
            continue
        shares = counts / counts.sum()
        weights = shares if decoding == "mean" else np.exp(np.log(shares) / temperature)
        colours.append(weights / weights.sum() @ codewords[classes])
    return np.array(colours, np.float32)


@pytest.mark.parametrize("decoding", ["majority", "mean", "annealed"])
@pytest.mark.parametrize("neighbours", [1, 2, 7, 50])
def test_every_decoding_equals_plain_numpy(decoding, neighbours):
    rng = np.random.default_rng(neighbours)
    votes = rng.integers(0, 12, (300, neighbours))
    codewords = rng.normal(0, 30, (12, 2)).astype(np.float32)
    decoded = decode_votes(votes, codewords, decoding, 0.38)
    assert_allclose(decoded, naive(votes, codewords, decoding, 0.38), atol=1e-4)


def test_of_equal_classes_the_nearest_neighbours_wins():
    codewords = np.array([[0, 0], [1, 1], [2, 2]], np.float32)
    assert decode_votes(np.array([[2, 0, 0, 2, 1]]), codewords, "majority").tolist() == [[2, 2]]


def test_annealing_lies_between_majority_and_mean():
    codewords = np.array([[0.0], [1.0]], np.float32)
    votes = np.array([[0, 1, 1]])
    cold, warm, mean = (
        decode_votes(votes, codewords, "annealed", 0.05),
        decode_votes(votes, codewords, "annealed", 0.6),
        decode_votes(votes, codewords, "mean"),
    )
    assert mean[0, 0] < warm[0, 0] < cold[0, 0] <= 1


def test_more_queries_than_sixteen_bits_count():
    votes = np.zeros((70_000, 1), np.intp)
    votes[-1] = 1
    decoded = decode_votes(votes, np.array([[0.0], [5.0]], np.float32), "mean")
    assert decoded[-1, 0] == 5
    assert not decoded[:-1].any()


@pytest.mark.parametrize(
    ("votes", "decoding", "message"),
    [
        (np.array([0, 1]), "mean", "must have the shape"),
        (np.zeros((3, 0), int), "mean", "must have the shape"),
        (np.array([[0, 2]]), "mean", "there are 2 codewords"),
        (np.array([[-1, 0]]), "mean", "run from -1"),
        (np.array([[0, 1]]), "median", "choose"),
    ],
)
def test_invalid_votes_are_refused(votes, decoding, message):
    with pytest.raises(ValueError, match=message):
        decode_votes(votes, np.zeros((2, 2), np.float32), decoding)
