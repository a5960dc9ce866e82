"""Inception fusion overfits eight photos; its checkpoints leave the frozen network out."""

import pytest
import torch

from huebench.methods.base import Context
from huebench.methods.deep.inception_fusion.card import InceptionFusion
from huebench.methods.learning.learner import native_precision


@pytest.mark.slow
def test_overfits_eight_photos(gain_on_eight):
    method = InceptionFusion(size=16, epochs=90, decay=1, flip=False, weights="none")
    assert gain_on_eight(method) > 3
    assert {"backbone weights": "none", "precision": native_precision("cpu")}.items() <= method.notes.items()


def test_checkpoints_leave_the_frozen_network_out(photo_set, crops, tmp_path):
    context = Context(budget="smoke", checkpoints=tmp_path)
    InceptionFusion(epochs=1, size=16, weights="none").fit(photo_set(crops[:2]), photo_set([]), context)
    state = torch.load(tmp_path / "training.pt", weights_only=True)["state"]["learner"]["network generator"]
    assert "fusion.0.weight" in state
    assert not any(name.startswith("inception.") for name in state)
