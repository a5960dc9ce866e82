"""NoGAN's networks: counts from their layer tables, smooth upsampling, attention that begins idle."""

import re

import pytest
import torch
from torch import nn

from huebench.methods.deep.nogan_unet.network import (
    NoGanCritic,
    NoGanGenerator,
    SelfAttention,
    SubPixelUpsampling,
)

RESNET34 = 21_797_672 - (512 * 1000 + 1000) - 2 * 64 * 7 * 7
"""He et al.'s count, without the classifier and without two of the three input channels."""

DECODER = """
    normalise 512
    convolve  512 1024 3   normalise 1024
    convolve 1024  512 3   normalise  512

    convolve  512 1024 1 + normalise  256
    convolve  512  512 3   normalise  512
    convolve  512  512 3   normalise  512

    convolve  512 1024 1 + normalise  128
    convolve  384  384 3   normalise  384
    convolve  384  384 3   normalise  384
    convolve  384   48 1   convolve   384  48 1   convolve 384 384 1   scale

    convolve  384  768 1 + normalise   64
    convolve  256  256 3   normalise  256
    convolve  256  256 3   normalise  256

    convolve  256  512 1 + normalise   64
    convolve  192   96 3   normalise   96
    convolve   96   96 3   normalise   96

    convolve   96  384 1 +
    convolve   97   97 3   normalise   97
    convolve   97   97 3   normalise   97
    convolve   97    2 1 +
"""
"""Middle, four stages, and head: channels before and after, side of the kernel, and + for a bias. Upsampling
gives a quarter of its channels, to which a stage joins the encoder's 256, 128, 64 and 64 and the head L*."""

CRITIC = """
    convolve    3  256 4 +
    convolve  256  256 3 + convolve  256  512 4 +
    convolve  512   64 1   convolve  512   64 1   convolve 512 512 1   scale
    convolve  512  512 3 + convolve  512 1024 4 +
    convolve 1024 1024 3 + convolve 1024 2048 4 +
    convolve 2048 2048 3 + convolve 2048    1 4
"""
"""DeOldify's, whose first layer has 256 channels."""


def _count(table: str) -> int:
    """Return the number of weights of a table's layers."""
    total = 0
    for layer, numbers, bias in re.findall(r"([a-z]+)((?: +\d+)*)( \+)?", table):
        sizes = [int(number) for number in numbers.split()]
        if layer == "convolve":
            before, after, side = sizes
            total += before * after * side**2 + (after if bias else 0)
        else:
            total += 2 * sizes[0] if layer == "normalise" else 1
    return total


def _weights(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_generator_count_follows_from_its_layer_table():
    assert _weights(NoGanGenerator()) == RESNET34 + _count(DECODER)


def test_critic_count_follows_from_deoldifys_layer_table():
    assert _weights(NoGanCritic(256)) == _count(CRITIC)


@pytest.mark.parametrize("side", [32, 48, 80])
def test_any_side_of_the_render_factor_is_answered(side):
    torch.manual_seed(0)
    network = NoGanGenerator("resnet18").eval()
    with torch.inference_mode():
        prediction = network(torch.full((1, 1, side, side), 50.0))
    assert prediction.shape == (1, 2, side, side)
    assert network.chroma(prediction).abs().max() <= 110


def test_upsampling_begins_as_nearest_neighbour():
    torch.manual_seed(0)
    enlarge = SubPixelUpsampling(6, 4).eval()
    features = torch.randn(1, 6, 5, 5)
    with torch.inference_mode():
        before_blur = enlarge.layers[:3](features)
    assert before_blur.shape == (1, 4, 10, 10)
    nearest = before_blur[:, :, ::2, ::2].repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(before_blur, nearest)
    assert enlarge(features).shape == (1, 4, 10, 10)


def test_attention_begins_as_the_identity_and_equals_torchs_own():
    torch.manual_seed(0)
    attention = SelfAttention(16).eval()
    features = torch.randn(2, 16, 4, 3)
    torch.testing.assert_close(attention(features), features)
    attention.share.data.fill_(0.5)
    places = features.flatten(2)
    query, key, value = (
        layer(places).transpose(1, 2) for layer in (attention.query, attention.key, attention.value)
    )
    seen = nn.functional.scaled_dot_product_attention(query, key, value, scale=1.0).transpose(1, 2)
    torch.testing.assert_close(attention(features), features + 0.5 * seen.reshape(features.shape))


@pytest.mark.parametrize("side", [32, 64])
def test_critic_answers_at_small_sides(side):
    verdict = NoGanCritic(16).eval()(torch.full((2, 1, side, side), 50.0), torch.zeros(2, 2, side, side))
    assert verdict.shape[:2] == (2, 1)


def test_weights_are_under_spectral_norm():
    torch.manual_seed(0)
    critic = NoGanCritic(16).eval()
    for layer in critic.modules():
        if isinstance(layer, nn.Conv2d):
            assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.2)
