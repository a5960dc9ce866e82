"""Every registered method keeps to the contract, and the suite notices one that does not."""

import pytest

from huebench.bench.check import run_checks
from huebench.methods.base import methods
from huebench.methods.spec import MethodSpec, parse_specs


@pytest.mark.parametrize("name", list(methods.items()))
def test_method_conforms(name):
    outcomes = run_checks(MethodSpec(name))
    failed = {outcome.name: outcome.detail for outcome in outcomes if outcome.result == "failed"}
    assert not failed


def test_every_module_of_methods_can_be_imported():
    assert parse_specs("all")
    assert methods.broken == {}
