"""Spreading the colours of 50 hints over a photo: the system of Levin, Lischinski and Weiss beside SciPy."""

import time

import numpy as np
import pytest
import scipy.sparse as sp
import skimage.data
from PIL import Image
from scipy.sparse.linalg import spsolve

from huebench.bench.protocol.protocol import Protocol
from huebench.methods.kernels.multigrid import FLAT, spread_colours

HINTS = 50
LEAST_RATIO = 5
MOST_SECONDS = 0.3
MOST_GROWTH = 20
"""Time at 1024² against that at 256², which has a sixteenth of the pixels."""


def problem(side):
    """Return the lightness of a photo of real detail, and hints: colours and mask."""
    photo = Image.fromarray(skimage.data.astronaut()).resize((side, side), Image.Resampling.LANCZOS)
    protocol = Protocol(size=side, hints="huebench")
    lightness, chroma = protocol.hide(np.asarray(photo)[None])
    hints = protocol.hint(["photo"], lightness, chroma, HINTS)[0]
    return lightness[0], hints.ab, hints.mask


def system(lightness, colours, mask):
    """Return the matrix in SciPy's form, and both right-hand sides, with NumPy only."""
    height, width = lightness.shape
    plane = np.pad(lightness.astype(np.float64), 1, constant_values=np.nan)
    window = np.stack([plane[y : y + height, x : x + width] for y in range(3) for x in range(3)])
    variance = np.maximum(np.nanvar(window, axis=0), FLAT)
    weights = np.nan_to_num(np.exp(-np.square(window - window[4]) / (2 * variance)))
    weights[4] = 0
    weights = np.where(mask, 0, weights / weights.sum(axis=0))
    places = np.arange(height * width).reshape(height, width)
    rows, columns, values = [places.ravel()], [places.ravel()], [np.ones(places.size)]
    for k in range(9):
        used = weights[k] > 0
        rows.append(places[used])
        columns.append(places[used] + (k // 3 - 1) * width + k % 3 - 1)
        values.append(-weights[k][used])
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    right = np.where(mask[..., None], colours, 0).reshape(-1, 2).astype(np.float64)
    return sp.csc_matrix(entries, (places.size,) * 2), right


@pytest.mark.benchmark(group=f"colours of {HINTS} hints over a photo of 256²")
@pytest.mark.parametrize("library", ["huebench", "SciPy spsolve"])
def test_spread(benchmark, library):
    photo = problem(256)
    matrix, right = system(*photo)
    np.testing.assert_allclose(spread_colours(*photo).reshape(-1, 2), spsolve(matrix, right), atol=1e-4)
    if library == "huebench":  # from the photo on; SciPy's time is of the solution alone
        benchmark.pedantic(spread_colours, args=photo, rounds=5, warmup_rounds=1)
    else:
        benchmark.pedantic(spsolve, args=(matrix, right), rounds=2)


def fastest(run, rounds):
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


@pytest.mark.long
def test_it_is_fast_enough_and_grows_with_the_pixels():
    small, large = problem(256), problem(1024)
    spread_colours(*small)
    ours = fastest(lambda: spread_colours(*small), 7)
    matrix, right = system(*small)
    assert ours <= MOST_SECONDS
    assert fastest(lambda: spsolve(matrix, right), 2) >= LEAST_RATIO * ours
    assert fastest(lambda: spread_colours(*large), 3) <= MOST_GROWTH * ours
