"""The network of `huebench-small-hints` and its random hints: shapes, attention, and plain versions."""

import numpy as np
import pytest
import torch

from huebench.methods.base import Hints
from huebench.methods.deep.huebench_small_hints.drawing import MOST, SIDES, draw_hints
from huebench.methods.deep.huebench_small_hints.network import (
    HintNetwork,
    hinted_places,
    positions,
    squared_distances,
)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = HintNetwork().eval()
    torch.nn.init.normal_(network.last.weight, std=0.1)
    return network


def inputs(photos=2, grid=12, hints=5):
    generator = torch.Generator().manual_seed(0)

    def noise(*shape, scale=1.0):
        return scale * torch.randn(*shape, generator=generator)

    mask = torch.zeros(photos, grid * grid)
    for photo in range(photos):
        mask[photo, torch.randperm(grid * grid, generator=generator)[: hints + photo]] = 1
    mask = mask.reshape(photos, 1, grid, grid)
    told = torch.cat((noise(photos, 2, grid, grid, scale=20) * mask, mask), dim=1)
    lightness = torch.rand(photos, 1, grid, grid, generator=generator) * 100
    return noise(photos, 128, 8, 8), lightness, noise(photos, 2, grid, grid, scale=10), told


@torch.inference_mode()
def test_without_hints_nothing_is_added(network):
    *seen, _ = inputs()
    assert not network(*seen, torch.zeros(2, 3, 12, 12)).any()


@torch.inference_mode()
def test_only_hinted_places_of_the_hints_are_read(network):
    *seen, told = inputs()
    noisy = told.clone()
    noisy[:, :2] += 50 * (1 - told[:, 2:])
    assert torch.equal(network(*seen, told), network(*seen, noisy))


@torch.inference_mode()
def test_a_photo_alone_and_beside_one_with_more_hints(network):
    together = network(*inputs())
    for photo in range(2):
        alone = network(*(part[photo : photo + 1] for part in inputs()))
        torch.testing.assert_close(alone[0], together[photo], atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_attention_matches_a_plain_version(network):
    *_, told = inputs(photos=1, grid=6, hints=4)
    generator = torch.Generator().manual_seed(1)
    embedding = torch.randn(1, 64, 6, 6, generator=generator) / 4
    spread, mass = network._attend(embedding, told[:, :2], told[:, 2:])
    at = np.array([((y + 0.5) / 6, (x + 0.5) / 6) for y in range(6) for x in range(6)])
    hinted = np.flatnonzero(told[0, 2].flatten().numpy())
    said = told[0, :2].flatten(1).numpy()
    for head in range(4):
        vectors = embedding[0, 16 * head : 16 * head + 16].flatten(1).numpy().T
        for place in (0, 17, 35):
            scores = [
                -np.square(vectors[place] - vectors[hint]).sum()
                - network.falloff[head].item() * np.log(np.square(at[place] - at[hint]).sum() + 1e-3)
                for hint in hinted
            ]
            weights = np.exp(scores) / (np.exp(scores).sum() + np.exp(network.none[head].item()))
            row, column = divmod(place, 6)
            found = spread[0, 2 * head : 2 * head + 2, row, column]
            np.testing.assert_allclose(found, said[:, hinted] @ weights, rtol=1e-3, atol=1e-3)
            assert mass[0, head, row, column].item() == pytest.approx(weights.sum(), rel=1e-4)


def test_hinted_places_are_padded():
    mask = torch.zeros(2, 1, 2, 3)
    mask[0, 0, 1, 2] = mask[1, 0, 0, 1] = mask[1, 0, 1, 0] = 1
    places, given = hinted_places(mask)
    assert given.tolist() == [[True, False], [True, True]]
    assert places[given].tolist() == [5, 1, 3]


def test_distances_are_in_sides_of_the_photo():
    at = positions(4, 2, torch.zeros(1))
    assert at[0].tolist() == [0.125, 0.25]
    assert squared_distances(at, at[None, [7]])[0, 0, 0].item() == pytest.approx(0.75**2 + 0.5**2)


def test_drawn_hints_are_means_of_squares_on_the_grid():
    ab = torch.randn(3, 2, 48, 48, generator=torch.Generator().manual_seed(5)) * 30
    ab += torch.linspace(0, 40, 48)
    counts, generator = set(), torch.Generator().manual_seed(0)
    for _ in range(40):
        told = draw_hints(ab, 4, generator)
        assert told.shape == (3, 3, 12, 12)
        assert set(told[:, 2].unique().tolist()) <= {0.0, 1.0}
        assert not told[:, :2][(told[:, 2:] == 0).expand(-1, 2, -1, -1)].any()
        assert told[:, :2].abs().max() <= ab.abs().max()
        counts.add(int(told[0, 2].sum()))
    assert min(counts) <= 2
    assert max(counts) > MOST / 4
    same = [draw_hints(ab, 4, torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*same)


def test_a_single_drawn_hint_is_brought_to_the_grid_as_in_prediction():
    ab = torch.arange(2 * 24 * 24.0).reshape(1, 2, 24, 24) / 10
    side = SIDES[1]
    for seed in range(200):
        told = draw_hints(ab, 4, torch.Generator().manual_seed(seed))[0]
        if told[2].sum() <= (side // 4 + 2) ** 2 and len(told[0][told[2] > 0].unique()) == 1:
            break
    colour = told[:2, told[2] > 0][:, 0]
    rows, columns = (told[2].amax(axis).nonzero().flatten() for axis in (1, 0))
    mask = np.zeros((24, 24), bool)
    mask[rows[0] * 4 : rows[-1] * 4 + 4, columns[0] * 4 : columns[-1] * 4 + 4] = True
    whole = Hints(np.where(mask[..., None], colour.numpy(), np.float32(0)), mask).resized(6, 6)
    np.testing.assert_allclose(whole.ab, told[:2].permute(1, 2, 0), rtol=1e-5)
    np.testing.assert_array_equal(whole.mask, told[2] > 0)
