"""`huebench-small-hints` as shipped: its files, known answers, and what hints do."""

import numpy as np
import pytest
import skimage.data
import torch
from safetensors.torch import load_file, save_file

from huebench import UserError
from huebench.bench.protocol.protocol import Protocol
from huebench.datasets.color import rgb_to_lab
from huebench.methods.base import Context, Hints
from huebench.methods.deep.huebench_small.card import TRAINING_PHOTOS, HuebenchSmall
from huebench.methods.deep.huebench_small.photos import read_digests
from huebench.methods.deep.huebench_small_hints.card import WEIGHTS, HuebenchSmallHints
from huebench.methods.deep.huebench_small_hints.prediction import load_hint_network

PROTOCOL = Protocol(size=128, hints="huebench")


@pytest.fixture(scope="module")
def method():
    return HuebenchSmallHints()


@pytest.fixture(scope="module")
def photos():
    pictures = (skimage.data.coffee()[:384:3, 100:484:3], skimage.data.astronaut()[:384:3, 60:444:3])
    return rgb_to_lab(np.stack(pictures))


def drawn(photos, count):
    return PROTOCOL.hint(["coffee", "astronaut"], *photos, count)


def psnr(chroma, truth):
    return -10 * np.log10(np.square(chroma - truth).mean((1, 2, 3)))


def test_file_is_small_and_every_weight_finite(method):
    assert WEIGHTS.stat().st_size <= 1_500_000
    state = load_file(WEIGHTS)
    assert all(value.dtype == torch.float16 and value.isfinite().all() for value in state.values())
    own = sum(value.numel() for value in state.values())
    assert method.parameter_count == HuebenchSmall().parameter_count + own


def test_weights_of_another_network_are_refused(tmp_path):
    state = load_file(WEIGHTS)
    state.pop("falloff")
    save_file(state, tmp_path / "weights.safetensors")
    with pytest.raises(UserError, match="not of huebench-small-hints: 'falloff'"):
        load_hint_network(tmp_path / "weights.safetensors")


def test_both_networks_and_the_digests_are_among_its_files(method):
    assert method.files == (*HuebenchSmall().files, WEIGHTS)
    start = min(read_digests(TRAINING_PHOTOS))
    assert method.trained_on(f"{start:016x}" + 48 * "0")


@pytest.mark.parametrize("parameters", [{}, {"size": 96, "upsampling": "bilinear"}])
def test_without_hints_it_is_huebench_small(photos, parameters):
    lightness, chroma = photos
    expected = HuebenchSmall(**parameters).colorize(lightness, Context())
    hinted = HuebenchSmallHints(**parameters)
    np.testing.assert_array_equal(hinted.colorize(lightness, Context()), expected)
    none = Hints(np.zeros_like(chroma), np.zeros(lightness.shape, bool))
    np.testing.assert_array_equal(hinted.colorize(lightness, Context(hints=none)), expected)


def test_hints_keep_their_colours_and_more_of_them_are_better(method, photos):
    lightness, chroma = photos
    scores = []
    for count in (0, 1, 5, 20, 100):
        hints = drawn(photos, count)
        found = method.colorize(lightness, Context(hints=hints))
        np.testing.assert_allclose(found[hints.mask], hints.ab[hints.mask], atol=1e-3)
        scores.append(psnr(found, chroma).mean())
    assert scores == sorted(scores)
    assert scores[-1] > scores[0] + 6


def test_a_photo_alone_and_in_a_batch(method, photos):
    lightness, _ = photos
    hints = drawn(photos, 6)
    together = method.colorize(lightness, Context(hints=hints))
    for photo in range(2):
        own = slice(photo, photo + 1)
        alone = method.colorize(lightness[own], Context(hints=hints[own]))
        np.testing.assert_array_equal(alone[0], together[photo])


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (37, 211)])
def test_odd_sizes(method, shape):
    lightness = np.random.default_rng(0).uniform(0, 100, (1, *shape)).astype(np.float32)
    hints = Hints(np.zeros((1, *shape, 2), np.float32), np.zeros((1, *shape), bool))
    hints.mask[0, -1, -1] = True
    hints.ab[0, -1, -1] = 30, -20
    chroma = method.colorize(lightness, Context(hints=hints))
    assert chroma.shape == (1, *shape, 2)
    assert np.isfinite(chroma).all()
    np.testing.assert_allclose(chroma[0, -1, -1], (30, -20), atol=1e-3)


def test_it_is_not_exported_as_the_network_without_hints():
    with pytest.raises(UserError, match=r"export huebench-small$"):
        HuebenchSmallHints().portable()
