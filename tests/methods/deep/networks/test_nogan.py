"""NoGAN's networks: counts from fast.ai's layers, smooth upsampling, attention that begins idle."""

import pytest
import timm
import torch
from torch import nn

from huebench.methods.deep.networks.nogan import (
    NoGanCritic,
    NoGanGenerator,
    SelfAttention,
    SubPixelUpsampling,
)


def _block(before: int, after: int) -> int:
    return 9 * before * after + 2 * after


def _enlarge(before: int, after: int) -> int:
    return 4 * after * (before + 1)


def _attention(channels: int) -> int:
    return 2 * channels * (channels // 8) + channels**2 + 1


def _count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_generator_count_follows_from_the_dynamic_u_net():
    encoder = _count(timm.create_model("resnet34", features_only=True, in_chans=1))
    middle = 2 * 512 + _block(512, 1024) + _block(1024, 512)
    decoder = 0
    # Channels from below, of the encoder's stage, and of what leaves: halved after the last joint.
    for below, skipped, width in ((512, 256, 512), (512, 128, 384), (384, 64, 256), (256, 64, 96)):
        joined = below // 2 + skipped
        decoder += _enlarge(below, below // 2) + 2 * skipped + _block(joined, width) + _block(width, width)
    decoder += _attention(384)
    head = _enlarge(96, 96) + 2 * _block(97, 97) + 97 * 2 + 2
    assert _count(NoGanGenerator()) == encoder + middle + decoder + head


def test_critic_count_follows_from_deoldifys_layers():
    layers = 16 * 3 * 256 + 256
    for width in (256, 512, 1024):
        layers += 9 * width * width + width + 16 * width * 2 * width + 2 * width
    last = 9 * 2048 * 2048 + 2048 + 16 * 2048
    assert _count(NoGanCritic(256)) == layers + _attention(512) + last


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
