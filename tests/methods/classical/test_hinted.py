"""Methods that spread hints: what they do with one, with several and with none."""

import numpy as np
import pytest
import skimage.data

from huebench.bench.protocol.protocol import Protocol
from huebench.datasets.color.conversion import rgb_to_lab
from huebench.methods.base import Context, Hints, methods
from huebench.methods.kernels.multigrid import spread_colours

NAMES = ("geodesic", "levin", "nearest-hint")
PROTOCOL = Protocol(size=48, hints="huebench")


@pytest.fixture(scope="module")
def photos():
    pictures = (skimage.data.coffee()[:288:6, :288:6], skimage.data.astronaut()[:288:6, 100:388:6])
    return rgb_to_lab(np.stack(pictures))


def answer(name, lightness, hints, **parameters):
    return methods.get(name)(**parameters).colorize(lightness, Context(hints=hints))


@pytest.mark.parametrize("name", NAMES)
def test_without_hints_all_is_grey(name, photos):
    lightness, chroma = photos
    none = Hints(np.zeros_like(chroma), np.zeros(lightness.shape, bool))
    assert not answer(name, lightness, None).any()
    assert not answer(name, lightness, none).any()


@pytest.mark.parametrize("name", NAMES)
def test_hints_keep_their_colours_and_one_colours_all(name, photos):
    lightness, chroma = photos
    few = PROTOCOL.hint(["a", "b"], lightness, chroma, 7)
    found = answer(name, lightness, few)
    np.testing.assert_allclose(found[few.mask], few.ab[few.mask], atol=1e-4)
    one = PROTOCOL.hint(["a", "b"], lightness, chroma, 1)
    for photo, given in enumerate(answer(name, lightness, one)):
        colour = one.ab[photo][one.mask[photo]][0]
        np.testing.assert_allclose(given, np.broadcast_to(colour, given.shape), atol=1e-4)


@pytest.mark.parametrize("name", ["geodesic", "levin"])
def test_a_step_of_lightness_parts_the_colours(name):
    lightness = np.full((1, 32, 32), 30, np.float32)
    lightness[:, :, 20:] = 70
    hints = Hints(np.zeros((1, 32, 32, 2), np.float32), np.zeros((1, 32, 32), bool))
    hints.mask[0, :, [4, 28]] = True
    hints.ab[0, :, 4], hints.ab[0, :, 28] = (40, 0), (-40, 0)
    step = np.abs(np.diff(answer(name, lightness, hints)[0, 16, :, 0]))
    assert step.argmax() == 19  # not halfway between the hints, at 16
    assert step[19] > 3 * np.delete(step, 19).max()


def test_nearest_is_the_euclidean_nearest(photos):
    lightness, chroma = (part[:1, :20, :24] for part in photos)
    mask = np.zeros(lightness.shape, bool)
    places = [(2, 3), (17, 5), (9, 20)]
    for place in places:
        mask[0][place] = True
    hints = Hints(np.where(mask[..., None], chroma, np.float32(0)), mask)
    found = answer("nearest-hint", lightness, hints)[0]
    for y, x in np.ndindex(20, 24):
        distances = sorted((np.hypot(y - r, x - c), (r, c)) for r, c in places)
        if distances[0][0] < distances[1][0]:
            np.testing.assert_array_equal(found[y, x], chroma[0][distances[0][1]])


def test_levin_is_the_solution_of_each_photo(photos):
    lightness, chroma = photos
    hints = PROTOCOL.hint(["a", "b"], lightness, chroma, 5)
    found = answer("levin", lightness, hints)
    for photo in range(2):
        expected = spread_colours(lightness[photo], hints.ab[photo], hints.mask[photo])
        np.testing.assert_array_equal(found[photo], expected)


def test_geodesic_weights_are_powers_of_the_distance():
    lightness = np.zeros((1, 1, 4), np.float32)
    hints = Hints(np.zeros((1, 1, 4, 2), np.float32), np.array([[[True, False, False, True]]]))
    hints.ab[0, 0, 0], hints.ab[0, 0, 3] = (30, 0), (0, 30)
    for power in (1, 2, 4):
        found = answer("geodesic", lightness, hints, power=power)[0, 0, 1]
        share = 1 / (1 + 2.0**-power)  # one step to the one, two to the other
        np.testing.assert_allclose(found, [30 * share, 30 * (1 - share)], rtol=1e-5)


def test_geodesic_with_one_colour_takes_the_nearest_along_the_photo(photos):
    lightness, chroma = photos
    hints = PROTOCOL.hint(["a", "b"], lightness, chroma, 9)
    found = answer("geodesic", lightness, hints, colours=1)
    for photo in range(2):
        given = {tuple(colour) for colour in hints.ab[photo][hints.mask[photo]].tolist()}
        assert {tuple(colour) for colour in found[photo].reshape(-1, 2).tolist()} <= given
