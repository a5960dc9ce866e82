"""Every registered method keeps to the contract, and the suite notices one that does not."""

import warnings

import pytest

from huebench.bench.conformance.run import run_checks
from huebench.methods.base import methods
from huebench.methods.spec import MethodSpec, parse_specs


def faults(spec):
    return {outcome.name: outcome.detail for outcome in run_checks(spec) if outcome.result == "failed"}


@pytest.mark.parametrize("spec", parse_specs("all"), ids=lambda spec: spec.name)
def test_method_conforms(spec):
    assert not faults(spec)


def test_external_conforms_with_a_network_of_somebody_else(tmp_path):
    import torch

    file = tmp_path / "network.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # users' files are in this format all the same
        torch.jit.trace(torch.nn.Conv2d(1, 2, 3, padding=1), torch.ones(1, 1, 8, 8)).save(str(file))
    assert not faults(MethodSpec("external", {"file": str(file), "size": "8"}))


def test_every_method_is_checked():
    needs_a_file = {"external", "model"}
    assert {spec.name for spec in parse_specs("all")} == methods.items().keys() - needs_a_file


def test_every_module_of_methods_can_be_imported():
    assert parse_specs("all")
    assert methods.broken == {}
