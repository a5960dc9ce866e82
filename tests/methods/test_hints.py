"""Hints at another size: none is lost, and none mixes with what is no hint."""

import numpy as np
import pytest

from huebench.methods.hints import Hints


def hints(height, width, *squares):
    """Return hints of one photo from (top, left, side, a, b)."""
    ab, mask = np.zeros((height, width, 2), np.float32), np.zeros((height, width), bool)
    for top, left, side, a, b in squares:
        ab[top : top + side, left : left + side] = a, b
        mask[top : top + side, left : left + side] = True
    return Hints(ab, mask)


def test_a_smaller_photo_keeps_every_hint_and_its_colour():
    given = hints(64, 48, (0, 0, 1, 10, -20), (31, 20, 1, -40, 5), (63, 47, 1, 60, 60))
    found = given.resized(16, 12)
    assert sorted(zip(*map(np.ndarray.tolist, np.nonzero(found.mask)), strict=True)) == [
        (0, 0),
        (7, 5),
        (15, 11),
    ]
    np.testing.assert_allclose(found.ab[found.mask], [[10, -20], [-40, 5], [60, 60]], rtol=1e-6)
    assert not found.ab[~found.mask].any()


def test_hints_that_meet_in_a_pixel_are_averaged_by_area():
    found = hints(4, 4, (0, 0, 1, 10, 0), (0, 1, 1, 30, 0), (1, 0, 1, 20, 0)).resized(2, 2)
    np.testing.assert_allclose(found.ab[0, 0], [20, 0])
    assert found.mask.tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize("size", [(20, 30), (13, 17), (5, 40)])
def test_pixels_are_those_that_overlap(size):
    given = hints(10, 10, (3, 4, 2, 7, -7))
    found = given.resized(*size)
    for y, x in np.ndindex(*size):
        rows = slice(y * 10 // size[0], -(-(y + 1) * 10 // size[0]))
        columns = slice(x * 10 // size[1], -(-(x + 1) * 10 // size[1]))
        assert found.mask[y, x] == given.mask[rows, columns].any()
    np.testing.assert_allclose(
        found.ab[found.mask], np.broadcast_to([7, -7], (found.mask.sum(), 2)), rtol=1e-6
    )


def test_the_same_size_is_the_same_hints():
    given = hints(8, 8, (2, 2, 3, 1, 2))
    assert given.resized(8, 8) is given


def test_photos_are_taken_from_a_batch():
    batch = Hints(
        np.arange(16, dtype=np.float32).reshape(2, 2, 2, 2), np.eye(2, dtype=bool)[None].repeat(2, 0)
    )
    assert batch[1].ab.tolist() == batch.ab[1].tolist()
    assert batch[:1].mask.shape == (1, 2, 2)
