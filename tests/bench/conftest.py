from pathlib import Path

import pytest


@pytest.fixture
def plugin(tmp_path):
    """Write a plugin file whose ``colorize`` has the given body, and return its path."""

    def write(name, body="return np.zeros((*lightness.shape, 2), np.float32)", fit="pass") -> Path:
        path = tmp_path / f"{name.replace('-', '_')}.py"
        path.write_text(PLUGIN.format(name=name, body=body, fit=fit))
        return path

    return write


PLUGIN = '''
import os, signal, sys, time
import numpy as np
from huebench.methods.base import Method, MethodInfo, register

@register
class Plugin(Method):
    """Made for a test."""

    info = MethodInfo(name="{name}", family="baseline", source="a test", trainable=True)

    def fit(self, train, validation, context):
        {fit}

    def colorize(self, lightness, context):
        {body}
'''
