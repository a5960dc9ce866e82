"""Seeding is local, and an epoch's seed is its own."""

import torch

from huebench.methods.learning.reproducible import epoch_seed, reproducible

CPU = torch.device("cpu")


def test_random_state_and_determinism_are_the_callers_again():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    with reproducible(7, CPU):
        torch.rand(5)
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.equal(torch.rand(3), expected)


def test_a_seed_gives_the_same_numbers():
    draws = []
    for seed in (7, 7, 8):
        with reproducible(seed, CPU):
            draws.append(torch.rand(3))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_epoch_seeds_differ_and_suit_torch():
    seeds = {epoch_seed(seed, epoch, stage) for seed in range(5) for epoch in range(50) for stage in "ab"}
    assert len(seeds) == 500
    for seed in seeds:
        torch.Generator().manual_seed(seed)
