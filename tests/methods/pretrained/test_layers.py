"""Layers of published networks."""

import torch

from huebench.methods.pretrained.layers import SpectralConvolution


def test_a_spectral_convolution_works_under_autocast_with_an_unrounded_norm():
    torch.manual_seed(0)
    layer = SpectralConvolution(8, 16, 3)
    features = torch.randn(1, 8, 9, 9)
    with torch.inference_mode():
        exact = layer(features)
        with torch.autocast("cpu", torch.bfloat16):
            rounded = layer(features)
        bf16 = torch.nn.functional.conv2d(
            features.bfloat16(), (layer.weight_orig / _norm(layer)).bfloat16(), padding=1
        )
    assert rounded.dtype == torch.bfloat16
    assert (rounded - bf16).abs().max() <= 0.02  # one step of bf16 at these values
    assert (rounded.float() - exact).abs().max() <= 0.03


def _norm(layer):
    return layer.weight_u @ (layer.weight_orig.flatten(1) @ layer.weight_v)
