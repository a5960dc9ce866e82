"""The ResNet-34 networks: counts from the papers' layer tables, soft encoding, rebalancing, decoding."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from huebench.datasets.color.bins import gamut_bins
from huebench.methods.deep.resnet34_classification.network import ClassificationNetwork, rarity_weights
from huebench.methods.deep.resnet34_regression.network import RegressionNetwork


def _convolution(kernel: int, before: int, after: int, *, bias: bool) -> int:
    return kernel**2 * before * after + after * bias


def _stage(blocks: int, before: int, after: int) -> int:
    """Count a stage of He et al. 2015, table 1: blocks of two 3×3 convolutions, each normalised."""
    first = _convolution(3, before, after, bias=False) + 2 * after
    others = (2 * blocks - 1) * (_convolution(3, after, after, bias=False) + 2 * after)
    shortcut = _convolution(1, before, after, bias=False) + 2 * after if before != after else 0
    return first + others + shortcut


STEM = _convolution(7, 1, 64, bias=False) + 2 * 64 + _stage(3, 64, 64)
CONV3 = _stage(4, 64, 128)
CONV4 = _stage(6, 128, 256)


def _decoder(*layers: tuple[int, int, int, bool]) -> int:
    return sum(
        _convolution(kernel, before, after, bias=True) + 2 * after * normalised
        for kernel, before, after, normalised in layers
    )


@pytest.fixture(scope="module")
def nodes() -> torch.Tensor:
    return torch.from_numpy(gamut_bins().nodes)


def _count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_regression_count_follows_from_table_1():
    decoder = _decoder((3, 256, 128, True), (3, 128, 64, True), (3, 64, 32, True), (3, 32, 2, False))
    assert _count(RegressionNetwork()) == STEM + CONV3 + CONV4 + decoder


def test_classification_count_follows_from_table_2():
    decoder = _decoder((3, 128, 64, True), (3, 64, 500, True), (1, 500, 1000, True), (1, 1000, 625, False))
    assert _count(ClassificationNetwork("resnet34", 0.38)) == STEM + CONV3 + decoder


def test_regression_answers_at_the_photos_size_within_the_range_of_chroma():
    network = RegressionNetwork().eval()
    ab = network.chroma(network(torch.full((1, 1, 32, 48), 50.0)))
    assert ab.shape == (1, 2, 32, 48)
    assert ab.abs().max() <= 110
    prediction = torch.full((1, 2, 4, 4), 0.5)
    assert network.loss(prediction, torch.full((1, 2, 4, 4), 110.0)).item() == pytest.approx(0.25)


def test_upsampling_last_equals_the_order_of_the_table():
    torch.manual_seed(0)
    network = ClassificationNetwork("resnet34", 0.38).eval()
    lightness = 100 * torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        repeated = functional.interpolate(network.decoder(network.backbone(lightness)[0]), scale_factor=2)
        logits = functional.relu(network.bins(network.hidden(repeated)))[:, network.reachable]
        expected = functional.interpolate(network(lightness), scale_factor=2)
    torch.testing.assert_close(expected, logits, atol=1e-5, rtol=1e-4)


def test_reachable_bins_are_their_nodes_on_the_grid_of_25_by_25(nodes):
    network = ClassificationNetwork("resnet34", 0.38)
    axis = np.arange(-120, 121, 10)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(625, 2)
    np.testing.assert_array_equal(grid[network.reachable], nodes)


def test_hard_encoding_is_the_nearest_bin_of_ab_bins(nodes):
    network = ClassificationNetwork("resnet34", 0.38)
    ab = torch.from_numpy(np.random.default_rng(0).uniform(-60, 60, (500, 2)).astype(np.float32))
    bins, shares = network.encode(ab)
    np.testing.assert_array_equal(bins[:, 0], gamut_bins().assign(ab.numpy()))
    assert torch.equal(shares, torch.ones(500, 1))


def test_soft_encoding_equals_sklearn_neighbours_with_a_gaussian(nodes):
    from sklearn.neighbors import NearestNeighbors

    network = ClassificationNetwork("resnet34", 0.38, soft=True)
    ab = torch.from_numpy(np.random.default_rng(0).uniform(-60, 60, (200, 2)).astype(np.float32))
    distances, expected = NearestNeighbors(n_neighbors=5).fit(nodes.numpy()).kneighbors(ab.numpy())
    weights = np.exp(-(distances**2) / (2 * 5**2))
    bins, shares = network.encode(ab)
    np.testing.assert_array_equal(bins, expected)
    np.testing.assert_allclose(shares, weights / weights.sum(1, keepdims=True), atol=2e-3)


def test_loss_equals_a_loop_over_the_pixels(nodes):
    torch.manual_seed(0)
    network = ClassificationNetwork("resnet34", 0.38, soft=True)
    network.rarity.copy_(torch.rand(len(nodes)) + 0.5)
    prediction, ab = torch.randn(2, len(nodes), 3, 2), 80 * torch.rand(2, 2, 6, 4) - 40
    total = 0.0
    for photo in range(2):
        for y in range(6):
            for x in range(4):
                bins, shares = network.encode(ab[photo, :, y, x])
                likelihood = torch.log_softmax(prediction[photo, :, y // 2, x // 2], 0)
                total -= network.rarity[bins[0]] * (shares * likelihood[bins]).sum()
    assert network.loss(prediction, ab).item() == pytest.approx(total.item() / 48, rel=1e-5)


@pytest.mark.parametrize(("temperature", "expected"), [(1.0, 5.0), (0.02, 10.0)])
def test_annealed_mean_goes_from_mean_to_mode(nodes, temperature, expected):
    network = ClassificationNetwork("resnet34", temperature)
    prediction = torch.full((1, len(nodes), 1, 1), -1e4)
    neutral, reddish = (int((nodes == torch.tensor([a, 0.0])).all(1).nonzero()) for a in (0.0, 10.0))
    prediction[0, neutral], prediction[0, reddish] = 0.0, 0.1
    ab = network.chroma(prediction)
    assert ab.shape == (1, 2, 2, 2)
    assert ab[0, 0, 0, 0].item() == pytest.approx(expected, abs=0.3)
    assert ab[0, 1].abs().max() < 1e-4


def test_rarity_weights_are_zhangs_equation_4():
    prior = torch.tensor([0.7, 0.2, 0.1, 0.0])
    weights = rarity_weights(prior, uniform=0.5)
    expected = 1 / (0.5 * prior.numpy() + 0.5 / 4)
    np.testing.assert_allclose(weights, expected / (prior.numpy() * expected).sum(), rtol=1e-6)
    assert (prior * weights).sum().item() == pytest.approx(1)
    torch.testing.assert_close(rarity_weights(prior, uniform=1.0), torch.ones(4))


@pytest.mark.parametrize("uniform", [1.0, 0.5])
def test_classification_begins_with_the_weighted_prior(nodes, uniform):
    torch.manual_seed(0)
    network = ClassificationNetwork("resnet18", 0.38, uniform=uniform).eval()
    prior = torch.distributions.Dirichlet(torch.ones(len(nodes))).sample()
    network.set_prior(prior)
    nn.init.zeros_(network.bins.weight)
    with torch.inference_mode():
        shares = torch.softmax(network(torch.full((1, 1, 32, 32), 50.0)), dim=1)
    weighted = prior * rarity_weights(prior, uniform)
    torch.testing.assert_close(shares[0, :, 3, 5], weighted / weighted.sum(), rtol=0, atol=1e-4)
    torch.testing.assert_close(network.rarity, rarity_weights(prior, uniform))


def test_without_rebalancing_every_pixel_counts_the_same():
    prior = torch.tensor([0.7, 0.3, 0.0])
    torch.testing.assert_close(rarity_weights(prior, 1.0), torch.ones(3))
