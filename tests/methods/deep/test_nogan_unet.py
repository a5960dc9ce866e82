"""NoGAN training: stages, the inflection point, the render factor, resuming."""

from dataclasses import replace

import numpy as np
import pytest

from huebench.methods.base import Context
from huebench.methods.deep.nogan_unet.card import NoGanUNet
from huebench.methods.learning.data import LabBatches
from huebench.methods.learning.learner import native_precision

SMALL = {"backbone": "resnet18", "critic_width": 8, "weights": "none", "perceptual_network": "none"}
TINY = {"size": 32, "epochs": 1, "batch": 2, **SMALL}


def _colors(method: NoGanUNet) -> np.ndarray:
    lightness = np.linspace(0, 100, 20 * 30, dtype=np.float32).reshape(1, 20, 30)
    return method.colorize(lightness, Context())


@pytest.mark.slow
def test_overfits_eight_photos(gain_on_eight):
    method = NoGanUNet(size=32, epochs=30, batch=4, flip=False, **SMALL)
    assert gain_on_eight(method) > 4
    assert {
        "backbone weights": "none",
        "perceptual network": "none",
        "precision": native_precision("cpu"),
    }.items() <= method.notes.items()


def test_stages_follow_one_another_and_the_curve_runs_on(photo_set, crops):
    stages, curve = [], []
    context = Context(progress=lambda done, total, what: stages.append(what.partition(":")[0]))
    context = replace(context, log_epoch=curve.append)
    method = NoGanUNet(**TINY | {"size": 64, "cycles": 2, "burst": 1, "checkpoint": 0.5})
    method.fit(photo_set(crops[:4]), photo_set([]), context)
    assert list(dict.fromkeys(stages)) == [
        *("generator at 32²", "generator at 64²"),
        *("critic 1", "burst 1", "critic 2", "burst 2"),
    ]
    assert [(epoch.epoch, epoch.epochs) for epoch in curve] == [(i, 6) for i in range(1, 7)]


@pytest.mark.slow
def test_the_checkpoint_with_the_best_validation_score_is_kept(photo_set, crops):
    scores = iter([0.5, 0.9, 0.1])
    answers = []

    def validate(method):
        answers.append(_colors(method))
        return next(scores)

    method = NoGanUNet(**TINY, burst=1, checkpoint=0.5)
    method.fit(photo_set(crops[:4]), photo_set(crops[4:6]), Context(validate=validate))
    assert method.notes["inflection points"] == "1 of 2"
    np.testing.assert_array_equal(_colors(method), answers[1])
    assert not np.array_equal(answers[1], answers[2])
    method.fit(photo_set(crops[:4]), photo_set(crops[4:6]), Context())
    assert "inflection points" not in method.notes  # where nothing scored, nothing was chosen


@pytest.mark.slow
def test_each_side_of_a_set_is_held_once(photo_set, crops, monkeypatch):
    made = []
    monkeypatch.setattr(LabBatches, "_to_device", lambda self: made.append((self.side, self.photos)))
    method = NoGanUNet(**TINY | {"size": 64, "cycles": 2})
    method.fit(photo_set(crops[:4]), photo_set(crops[4:7]), Context())
    assert made == [(32, 4), (32, 3), (64, 4), (64, 3)]


@pytest.mark.slow
@pytest.mark.parametrize("stop", ["critic", "burst"])
def test_an_interrupted_training_resumes_to_the_same_bytes(photo_set, crops, tmp_path, stop):
    class InterruptedFitError(Exception):
        pass

    def interrupt(done, total, what):
        if what.startswith(stop) and done == 2:
            raise InterruptedFitError

    photos = photo_set(crops[:4])
    options = TINY | {"burst": 1, "checkpoint": 0.5}
    whole, stopped, resumed = (NoGanUNet(**options) for _ in range(3))
    whole.fit(photos, photo_set([]), Context())
    with pytest.raises(InterruptedFitError):
        stopped.fit(photos, photo_set([]), Context(checkpoints=tmp_path, progress=interrupt))
    resumed.fit(photos, photo_set([]), Context(checkpoints=tmp_path))
    np.testing.assert_array_equal(_colors(resumed), _colors(whole))


def test_the_render_factor_is_a_sixteenth_of_the_side_of_prediction(photo_set, crops, tmp_path):
    method = NoGanUNet(**TINY, cycles=0, render_factor=5)
    method.fit(photo_set(crops[:2]), photo_set([]), Context())
    seen = []
    method._trained.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape))
    _colors(method)
    assert seen == [(1, 1, 80, 80)]
    method.save(tmp_path)
    again = NoGanUNet(**TINY, cycles=0, render_factor=5)
    again.load(tmp_path)
    np.testing.assert_array_equal(_colors(again), _colors(method))
