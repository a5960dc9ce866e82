"""Backbones are timm's, with one input channel."""

import pytest
import timm
import torch

from huebench import UserError
from huebench.methods.learning.encoders import Backbone


def test_stages_halve_the_side_as_timm_counts_them():
    backbone = Backbone("resnet18", (1, 3))
    features = backbone(torch.full((2, 1, 64, 32), 50.0))
    assert [tuple(feature.shape) for feature in features] == [(2, 64, 16, 8), (2, 256, 4, 2)]
    assert backbone.channels == [64, 256]


def test_gray_input_equals_timms_on_three_equal_channels():
    torch.manual_seed(0)
    whole = timm.create_model("resnet18", features_only=True, out_indices=(1,)).eval()
    backbone = Backbone("resnet18", (1,)).eval()
    state = {key: whole.state_dict()[key] for key in backbone.features.state_dict()}
    state["conv1.weight"] = state["conv1.weight"].sum(1, keepdim=True)
    backbone.features.load_state_dict(state)
    lightness = 100 * torch.rand(1, 1, 32, 32)
    normalised = ((lightness / 100 - 0.449) / 0.226).expand(-1, 3, -1, -1)
    torch.testing.assert_close(backbone(lightness)[0], whole(normalised)[0], atol=1e-4, rtol=1e-4)


def test_an_unknown_backbone_is_an_error_with_the_nearest_names():
    with pytest.raises(UserError, match=r"no backbone 'resnet43'; did you mean .*resnet"):
        Backbone("resnet43", (3,))
