import shutil
from functools import partial
from pathlib import Path

import pytest

import huebench


@pytest.fixture(scope="session")
def samples_run(tmp_path_factory):
    """Run two baselines on three of the built-in photos."""
    out = tmp_path_factory.mktemp("samples") / "out"
    metrics = ("psnr", "auc", "auc_rebalanced", "colorfulness")
    huebench.run(methods=("gray", "mean-ab"), limit=3, metrics=metrics, out=out)
    return out


@pytest.fixture
def run(samples_run, tmp_path):
    """Return a copy of the run folder that the test may change."""
    return shutil.copytree(samples_run, tmp_path / "out")


@pytest.fixture
def plugin(tmp_path):
    """Write a plugin file whose ``colorize`` has the given body, and return its path."""
    return partial(write_plugin, tmp_path)


def write_plugin(
    folder, name, body="return np.zeros((*lightness.shape, 2), np.float32)", fit="pass", hints=False
) -> Path:
    path = folder / f"{name.replace('-', '_')}.py"
    path.write_text(PLUGIN.format(name=name, body=body, fit=fit, hints=hints))
    return path


PLUGIN = '''
import os, signal, sys, time
import numpy as np
from huebench.methods.base import Method, MethodInfo, register

@register
class Plugin(Method):
    """Made for a test."""

    info = MethodInfo(name="{name}", family="baseline", source="a test", trainable=True, hints={hints})

    def fit(self, train, validation, context):
        {fit}

    def colorize(self, lightness, context):
        {body}
'''
