"""What every test starts from, whatever other tests have imported or registered."""

import numpy as np
import pytest

from huebench.bench.metrics import registry
from huebench.datasets.base import datasets
from huebench.methods.base import methods


@pytest.fixture(autouse=True)
def registries_as_they_were(monkeypatch):
    for plugins in (datasets, methods, registry.metrics):
        monkeypatch.setattr(plugins, "_items", plugins.items())


@pytest.fixture(autouse=True)
def numbers_printed_as_usual():
    # Importing colour-science switches NumPy to printing 12 digits.
    with np.printoptions(legacy=False):
        yield
