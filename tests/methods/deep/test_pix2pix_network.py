"""pix2pix's networks: counts from the layers that Isola et al. list, shapes, the patch a verdict sees."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from huebench.methods.deep.pix2pix.network import PatchCritic, UNetGenerator

# Isola et al. 2017, appendix 6.1: 4×4 convolutions C64-C128-…; the decoder sees skipped features too.
DOWN = (1, 64, 128, 256, 512, 512, 512, 512, 512)
UP = ((512, 512), (1024, 512), (1024, 512), (1024, 512), (1024, 256), (512, 128), (256, 64))


def test_generator_count_follows_from_the_layer_list():
    convolutions = sum(16 * before * after for before, after in (*pairwise(DOWN), *UP))
    head = 16 * 128 * 2 + 2
    normalised = 2 * (sum(DOWN[2:-1]) + sum(after for _, after in UP))
    expected = convolutions + head + normalised
    assert expected == 54_409_858
    assert sum(weight.numel() for weight in UNetGenerator(256).parameters()) == expected


def test_critic_count_follows_from_the_layer_list():
    layers = ((3, 64), (64, 128), (128, 256), (256, 512), (512, 1))
    expected = sum(16 * before * after for before, after in layers) + 64 + 1 + 2 * (128 + 256 + 512)
    assert sum(weight.numel() for weight in PatchCritic().parameters()) == expected


def test_a_verdict_of_the_critic_sees_70_by_70_pixels():
    critic = PatchCritic()
    for layer in critic.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 0.01)
    photo = torch.zeros(1, 1, 256, 256, requires_grad=True)
    verdict = critic.eval()(photo, torch.zeros(1, 2, 256, 256))
    assert verdict.shape == (1, 1, 30, 30)
    verdict[0, 0, 15, 15].backward()
    seen = photo.grad[0, 0].abs() > 0
    assert seen.any(0).sum() == 70
    assert seen.any(1).sum() == 70


@pytest.mark.parametrize("size", [32, 64])
def test_small_sides_leave_the_innermost_stages_out(size):
    network = UNetGenerator(size).eval()
    shapes = []
    network.down[-1].register_forward_hook(lambda *call: shapes.append(call[2].shape))
    with torch.inference_mode():
        prediction = network(torch.full((1, 1, size, size), 50.0))
    assert shapes == [(1, 512, 1, 1)]
    assert prediction.shape == (1, 2, size, size)


def test_dropout_is_in_the_first_three_stages_of_the_decoder():
    stages = UNetGenerator(256).up
    assert [any(isinstance(layer, nn.Dropout) for layer in stage) for stage in stages] == [True] * 3 + [
        False
    ] * 4


def test_weights_begin_normal_with_a_deviation_of_two_hundredths():
    torch.manual_seed(0)
    network = UNetGenerator(64)
    assert network.down[3][1].weight.std().item() == pytest.approx(0.02, rel=0.01)
    assert network.down[3][2].weight.mean().item() == pytest.approx(1, abs=0.01)


def test_loss_is_the_absolute_error_of_chroma_over_110():
    network = UNetGenerator(32)
    assert network.loss(torch.zeros(1, 2, 4, 4), torch.full((1, 2, 4, 4), -55.0)).item() == pytest.approx(0.5)
    assert network.chroma(torch.ones(1)).item() == 110
