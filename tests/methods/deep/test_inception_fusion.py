"""Inception fusion overfits eight photos; its checkpoints leave the frozen network out."""

from dataclasses import replace

import numpy as np
import pytest
import timm
import torch

from huebench import UserError
from huebench.methods.base import Context
from huebench.methods.deep.inception_fusion.card import NO_EMBEDDING, InceptionFusion
from huebench.methods.deep.inception_fusion.embedding import Embedding
from huebench.methods.learning.learner import native_precision


@pytest.mark.slow
def test_overfits_eight_photos(gain_on_eight):
    method = InceptionFusion(size=16, epochs=90, decay=1, flip=False, weights="none")
    assert gain_on_eight(method) > 3
    assert {"embedding": NO_EMBEDDING, "precision": native_precision("cpu")}.items() <= method.notes.items()


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Return a folder with MobileNetV2's random weights, named as torchvision's are."""
    torch.manual_seed(0)
    folder = tmp_path / "weights"
    folder.mkdir()
    torch.save(timm.create_model("mobilenetv2_100").state_dict(), folder / "mobilenet_v2-b0353104.pth")
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(folder))
    monkeypatch.setattr(
        timm, "get_pretrained_cfg", lambda name, get=timm.get_pretrained_cfg: _small(get(name))
    )
    return folder


def _small(config):
    return replace(config, input_size=(3, 32, 32))


SMALL = {"size": 16, "epochs": 2, "batch": 4}


def test_the_classifier_that_is_found_gives_the_scores_and_stands_in_the_row(
    weights, photo_set, crops, tmp_path
):
    method = InceptionFusion(**SMALL)
    assert method.files == (weights / "mobilenet_v2-b0353104.pth",)
    method.fit(photo_set(crops[:4]), photo_set(crops[4:6]), Context(budget="smoke"))
    assert method.notes["embedding"] == "mobilenetv2_100"
    network = method._trained.network
    photos = 100 * torch.rand(2, 1, 16, 16)
    scores = network.embedding(photos)
    assert (scores[0] - scores[1]).abs().max() > 1e-3 * scores.abs().max()  # photos differ in them

    method.save(tmp_path)
    again = InceptionFusion(**SMALL)
    again.load(tmp_path)
    lightness = np.random.default_rng(0).uniform(0, 100, (2, 20, 30)).astype(np.float32)
    np.testing.assert_array_equal(again.colorize(lightness, Context()), method.colorize(lightness, Context()))
    assert again.notes == method.notes


def test_an_interrupted_training_with_scores_resumes_to_the_same_bytes(weights, photo_set, crops, tmp_path):
    class InterruptedFitError(Exception):
        pass

    def interrupt(done, total, what):
        if done == 3:
            raise InterruptedFitError

    def fit(**context):
        method = InceptionFusion(**SMALL)
        method.fit(photo_set(crops[:8]), photo_set([]), Context(budget="smoke", **context))
        return method.colorize(np.full((1, 20, 30), 50, np.float32), Context())

    whole = fit()
    with pytest.raises(InterruptedFitError):
        fit(checkpoints=tmp_path, progress=interrupt)
    np.testing.assert_array_equal(fit(checkpoints=tmp_path), whole)


@pytest.mark.parametrize(("crop", "kept"), [(1.0, True), (0.5, False)])
def test_scores_are_kept_of_whole_photos_alone(weights, photo_set, crops, monkeypatch, crop, kept):
    calls = []
    monkeypatch.setattr(Embedding, "remember", lambda self, remember: calls.append(remember))
    InceptionFusion(**SMALL, crop=crop).fit(photo_set(crops[:4]), photo_set([]), Context(budget="smoke"))
    assert calls == [kept, False]


def test_a_classifier_that_was_named_must_be_found(photo_set, crops, monkeypatch, tmp_path):
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(tmp_path))
    method = InceptionFusion(**SMALL, embedding="tf_efficientnet_lite0")
    with pytest.raises(UserError, match="bench weights get tf_efficientnet_lite0, or choose embedding=auto"):
        method.fit(photo_set(crops[:4]), photo_set([]), Context(budget="smoke"))


def test_checkpoints_leave_the_frozen_network_out(weights, photo_set, crops, tmp_path):
    context = Context(budget="smoke", checkpoints=tmp_path)
    InceptionFusion(epochs=1, size=16).fit(photo_set(crops[:2]), photo_set([]), context)
    state = torch.load(tmp_path / "training.pt", weights_only=True)["state"]["learner"]["network generator"]
    assert "fusion.0.weight" in state
    assert not any(name.startswith("embedding.") for name in state)
