"""The system of Levin, Lischinski and Weiss against independent solutions of it."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve

from huebench.methods.kernels import multigrid

from .naive import levin_system


def problem(lightness, count, seed=0, side=1):
    """Return random colours at random places of a photo."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(lightness.shape, bool)
    colours = np.full((*lightness.shape, 2), np.nan, np.float32)  # what is not known is not read
    for _ in range(count):
        top, left = (rng.integers(0, length - side + 1) for length in lightness.shape)
        square = np.s_[top : top + side, left : left + side]
        mask[square], colours[square] = True, rng.uniform(-60, 60, 2)
    return colours, mask


def dense(lightness, colours, mask):
    matrix, right = levin_system(
        lightness.astype(np.float64), colours.astype(np.float64), mask, multigrid.FLAT
    )
    return np.linalg.solve(matrix, right).reshape(*lightness.shape, 2)


@pytest.mark.parametrize(("count", "side"), [(1, 3), (2, 1), (5, 3), (40, 1), (40, 3)])
def test_it_equals_the_dense_solution(lightness, count, side):
    photo = lightness[100:132, 200:232]
    colours, mask = problem(photo, count, seed=count, side=side)
    found = multigrid.spread_colours(photo, colours, mask)
    assert found.dtype == np.float32
    stencil_answer, expected = solved_in_float64(photo, colours, mask), dense(photo, colours, mask)
    np.testing.assert_allclose(stencil_answer, expected, atol=1e-6, rtol=0)
    np.testing.assert_allclose(found, expected, atol=5e-6, rtol=0)  # float32 has no more digits


def solved_in_float64(photo, colours, mask):
    """Solve as `spread_colours` does, without rounding the answer."""
    kept = []

    class Kept(multigrid.Multigrid):
        def solve(self, values, wanted):
            cycles = super().solve(values, wanted)
            kept.append(values[1:-1, 1:-1].copy())
            return cycles

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multigrid, "Multigrid", Kept)
        multigrid.spread_colours(photo, colours, mask)
    return kept[0]


@pytest.mark.parametrize("shape", [(16, 16), (17, 31), (1, 40), (9, 2), (33, 64)])
def test_it_equals_the_dense_solution_for_any_shape(lightness, shape):
    photo = np.ascontiguousarray(lightness[: shape[0], : shape[1]])
    colours, mask = problem(photo, 3)
    np.testing.assert_allclose(
        multigrid.spread_colours(photo, colours, mask), dense(photo, colours, mask), atol=1e-5
    )


@pytest.mark.parametrize(
    "photo",
    [
        np.full((24, 24), 40.0),
        np.indices((24, 24)).sum(axis=0) % 2 * 100.0,
        np.repeat([0.0, 100.0], 12)[:, None].repeat(24, 1),
        np.random.default_rng(0).uniform(0, 100, (24, 24)),
        np.random.default_rng(0).integers(0, 2, (24, 24)) * 100.0,
    ],
    ids=["flat", "chessboard", "step", "noise", "black or white"],
)
def test_extreme_photos_are_solved_too(photo):
    colours, mask = problem(photo, 4)
    found = multigrid.spread_colours(photo.astype(np.float32), colours, mask)
    np.testing.assert_allclose(found, dense(photo.astype(np.float32), colours, mask), atol=1e-5)


def test_it_equals_a_sparse_solution_of_a_larger_photo(lightness):
    photo = lightness[:120, :150]
    colours, mask = problem(photo, 10, side=3)
    matrix, right = levin_system(
        photo.astype(np.float64), colours.astype(np.float64), mask, multigrid.FLAT, sp.lil_matrix
    )
    expected = spsolve(matrix.tocsr(), right).reshape(*photo.shape, 2)
    np.testing.assert_allclose(multigrid.spread_colours(photo, colours, mask), expected, atol=1e-5)


def test_hints_keep_their_colours_and_bound_all_others(lightness):
    photo = lightness[:64, :64]
    colours, mask = problem(photo, 6)
    found = multigrid.spread_colours(photo, colours, mask)
    np.testing.assert_array_equal(found[mask], colours[mask])
    assert (found >= colours[mask].min(axis=0) - 1e-5).all()
    assert (found <= colours[mask].max(axis=0) + 1e-5).all()


def test_one_colour_colours_the_whole_photo(lightness):
    photo = lightness[:64, :64]
    colours, mask = problem(photo, 1)
    found = multigrid.spread_colours(photo, colours, mask)
    np.testing.assert_allclose(found, np.broadcast_to(colours[mask][0], found.shape), atol=1e-4)


def test_colours_stop_at_edges():
    photo = np.full((32, 32), 20, np.float32)
    photo[:, 16:] = 80
    colours, mask = np.zeros((32, 32, 2), np.float32), np.zeros((32, 32), bool)
    mask[:, [4, 27]] = True
    colours[:, 4], colours[:, 27] = (50, 0), (0, 50)
    step = np.abs(np.diff(multigrid.spread_colours(photo, colours, mask)[16, :, 0]))
    assert step.argmax() == 15
    assert step[15] > 5 * np.delete(step, 15).max()


def test_cycles_do_not_grow_with_the_photo(lightness):
    cycles = []

    class Counted(multigrid.Multigrid):
        def solve(self, values, wanted):
            cycles.append(super().solve(values, wanted))
            return cycles[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multigrid, "Multigrid", Counted)
        for side in (50, 100, 200, 400):
            photo = lightness[:side, :side]
            multigrid.spread_colours(photo, *problem(photo, 20, side=3))
    assert max(cycles) <= 30


def test_the_answer_is_the_same_each_time(lightness):
    given = lightness[:50, :50], *problem(lightness[:50, :50], 5)
    np.testing.assert_array_equal(multigrid.spread_colours(*given), multigrid.spread_colours(*given))


def test_what_does_not_converge_is_solved_directly(lightness, monkeypatch):
    given = lightness[:30, :34], *problem(lightness[:30, :34], 5)
    monkeypatch.setattr(multigrid, "MOST_CYCLES", 1)
    np.testing.assert_allclose(multigrid.spread_colours(*given), dense(*given), atol=1e-5)


def test_no_colour_is_refused(lightness):
    photo = lightness[:16, :16]
    with pytest.raises(ValueError, match="give at least one hint"):
        multigrid.spread_colours(photo, np.zeros((16, 16, 2), np.float32), np.zeros((16, 16), bool))
