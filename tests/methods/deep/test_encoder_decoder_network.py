"""The encoder–decoder against its paper's layer table."""

import pytest
import torch
from torch import nn

from huebench.methods.deep.encoder_decoder.network import EncoderDecoderNetwork

# Shrivastava et al. 2022, figure 2.3: layer, channels and side of the output at 256², parameters.
LAYER_TABLE = (
    ("Conv2d", 64, 128, 640),
    ("ReLU", 64, 128, 0),
    ("Conv2d", 128, 128, 73_856),
    ("ReLU", 128, 128, 0),
    ("Conv2d", 128, 64, 147_584),
    ("ReLU", 128, 64, 0),
    ("Conv2d", 256, 64, 295_168),
    ("ReLU", 256, 64, 0),
    ("Conv2d", 256, 32, 590_080),
    ("ReLU", 256, 32, 0),
    ("Conv2d", 512, 32, 1_180_160),
    ("ReLU", 512, 32, 0),
    ("Conv2d", 512, 32, 2_359_808),
    ("ReLU", 512, 32, 0),
    ("Conv2d", 256, 32, 1_179_904),
    ("ReLU", 256, 32, 0),
    ("Conv2d", 128, 32, 295_040),
    ("ReLU", 128, 32, 0),
    ("Upsample", 128, 64, 0),
    ("Conv2d", 64, 64, 73_792),
    ("ReLU", 64, 64, 0),
    ("Upsample", 64, 128, 0),
    ("Conv2d", 32, 128, 18_464),
    ("ReLU", 32, 128, 0),
    ("Conv2d", 16, 128, 4_624),
    ("ReLU", 16, 128, 0),
    ("Conv2d", 2, 128, 290),
    ("Tanh", 2, 128, 0),
    ("Upsample", 2, 256, 0),
)


def test_layers_are_those_of_the_papers_table():
    network = EncoderDecoderNetwork().eval()
    table = []

    def record(layer, _inputs, output):
        weights = sum(weight.numel() for weight in layer.parameters())
        table.append((type(layer).__name__, output.shape[1], output.shape[2], weights))

    for layer in network.modules():
        if not list(layer.children()) and isinstance(layer, nn.Module):
            layer.register_forward_hook(record)
    with torch.inference_mode():
        network(torch.full((1, 1, 256, 256), 50.0))
    assert tuple(table) == LAYER_TABLE


def test_parameter_count_is_the_papers():
    assert sum(weight.numel() for weight in EncoderDecoderNetwork().parameters()) == 6_219_410


def test_prediction_is_within_the_range_of_chroma():
    torch.manual_seed(0)
    network = EncoderDecoderNetwork()
    prediction = network(100 * torch.rand(2, 1, 16, 24))
    assert prediction.shape == (2, 2, 16, 24)
    assert network.chroma(prediction).abs().max() <= 110


def test_loss_is_the_mean_squared_error_of_scaled_chroma():
    network = EncoderDecoderNetwork()
    prediction = torch.zeros(1, 2, 8, 8)
    ab = torch.full((1, 2, 8, 8), 55.0)
    assert network.loss(prediction, ab).item() == pytest.approx(0.25)
