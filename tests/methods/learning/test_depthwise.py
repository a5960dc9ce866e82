"""`depthwise`: which convolutions autocast still lowers to bfloat16, and what they return."""

import copy

import torch
from torch import nn

from huebench.methods.learning.depthwise import depthwise_in_float32


def test_depthwise_convolutions_stay_in_float32_under_autocast():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(4, 8, 1), nn.Conv2d(8, 8, 3, padding=1, groups=8))
    before = copy.deepcopy(network)
    depthwise_in_float32(network)
    photos = torch.rand(2, 4, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        inner = network[0](photos)
        outer = network(photos)
        lowered = before(photos)
    assert inner.dtype == lowered.dtype == torch.bfloat16
    assert outer.dtype == torch.float32
    assert torch.equal(outer, before[1](inner.float()))
    assert not torch.equal(outer, lowered.float())


def test_without_autocast_nothing_changes():
    torch.manual_seed(0)
    network = nn.Conv2d(8, 8, 3, groups=8)
    photos = torch.rand(2, 8, 16, 16)
    before = network(photos)
    depthwise_in_float32(network)
    assert torch.equal(network(photos), before)
    assert list(network.state_dict()) == ["weight", "bias"]


def test_a_copy_of_a_network_has_its_own_weights():
    torch.manual_seed(0)
    network = nn.Conv2d(8, 8, 3, groups=8)
    depthwise_in_float32(network)
    depthwise_in_float32(network)
    other = copy.deepcopy(network)
    with torch.no_grad():
        other.weight.zero_()
    photos = torch.rand(2, 8, 16, 16)
    assert not torch.equal(network(photos), other(photos))
    assert torch.equal(other(photos), other.bias[:, None, None].expand_as(other(photos)))
