"""NoGAN training: stages, the inflection point, the render factor, resuming."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from huebench.methods.base import Context
from huebench.methods.deep.nogan_unet.card import NoGanUNet
from huebench.methods.deep.nogan_unet.training import Stages
from huebench.methods.learning.data import LabBatches
from huebench.methods.learning.learner import native_precision
from huebench.methods.learning.pretrained import PretrainedPart
from huebench.methods.learning.training import Training

SMALL = {
    "burst_steps": 1,
    "backbone": "resnet18",
    "critic_width": 8,
    "weights": "none",
    "perceptual_network": "none",
}
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
    stages, curve, shares = [], [], []

    def progress(done, total, what):
        stages.append(what.partition(":")[0])
        shares.append(done / total)

    context = Context(progress=progress)
    context = replace(context, log_epoch=curve.append)
    method = NoGanUNet(**TINY | {"size": 64, "cycles": 2, "burst": 1, "checkpoint": 0.5})
    method.fit(photo_set(crops[:4]), photo_set([]), context)
    assert list(dict.fromkeys(stages)) == [
        *("generator at 32²", "generator at 64²"),
        *("critic 1", "burst 1", "critic 2", "burst 2"),
    ]
    assert [(epoch.epoch, epoch.epochs) for epoch in curve] == [(i, 6) for i in range(1, 7)]
    assert shares == sorted(shares)  # progress is that of the whole training, not of a stage
    assert (shares[0], shares[-1]) == (0, 1)


@pytest.mark.slow
def test_the_checkpoint_with_the_best_validation_score_is_kept(photo_set, crops):
    scores = iter([0.2, 0.5, 0.9, 0.1])  # of the generator's epoch, then before the burst and in it
    answers = []

    def validate(method):
        answers.append(_colors(method))
        return next(scores)

    method = NoGanUNet(**TINY, burst=1, checkpoint=0.5)
    method.fit(photo_set(crops[:4]), photo_set(crops[4:6]), Context(validate=validate))
    assert method.notes["inflection points"] == "1 of 2"
    assert method.notes["epochs"] == "1 at 32²; 4 photos each at a rate of 0.001"
    assert method.notes["bursts"] == "1 of 2 steps, 2 checkpoints, decoder only"
    assert method.notes["critic"] == "8 channels in the first layer, DeOldify's has 256"
    np.testing.assert_array_equal(_colors(method), answers[2])
    assert not np.array_equal(answers[2], answers[3])
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

    seen = []

    def interrupt(done, total, what):
        seen.append(what.startswith(stop))
        if sum(seen) == 3:  # at the stage's start, and after two of its steps
            raise InterruptedFitError

    photos = photo_set(crops[:4])
    options = TINY | {"burst": 1, "checkpoint": 0.5}
    whole, stopped, resumed = (NoGanUNet(**options) for _ in range(3))
    whole.fit(photos, photo_set([]), Context(checkpoints=tmp_path / "whole"))
    with pytest.raises(InterruptedFitError):
        stopped.fit(photos, photo_set([]), Context(checkpoints=tmp_path / "resumed", progress=interrupt))
    resumed.fit(photos, photo_set([]), Context(checkpoints=tmp_path / "resumed"))
    np.testing.assert_array_equal(_colors(resumed), _colors(whole))
    for stage in ("critic-1", "burst-1"):  # with the critic, which a few steps hardly let the colours show
        found, expected = (
            torch.load(tmp_path / folder / f"{stage}.pt", weights_only=True)["state"]["learner"]
            for folder in ("resumed", "whole")
        )
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


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


def _stages(photos: int, batch: int, budget: str, **options) -> Stages:
    method = NoGanUNet(**options)
    training = SimpleNamespace(
        plan=replace(method.schedule(budget), batch=batch),
        chosen=np.arange(photos),
        context=Context(budget=budget),
    )
    return Stages(training, method.parameters, None)


@pytest.mark.parametrize(
    ("photos", "budget", "steps", "checkpoints"),
    [
        (8000, "quick", 200, 5),  # 3 % would be 15 steps
        (2000, "quick", 125, 5),  # one pass over few photos
        (4000, "paper", 200, 20),
        (1_300_000, "paper", 2438, 20),
        (176, "quick", 11, 4),
        (16, "smoke", 1, 1),
    ],
)
def test_a_burst_has_at_least_200_steps_or_one_pass_above_smoke(photos, budget, steps, checkpoints):
    bursts = _stages(photos, 16, budget)._bursts()
    assert bursts.steps == steps
    assert bursts.checkpoints == checkpoints


def test_a_burst_may_be_shorter_on_request():
    assert _stages(2000, 16, "quick", burst_steps=1)._bursts().steps == 4


def test_only_the_decoder_learns_in_a_burst(photo_set, crops, monkeypatch):
    before = {}

    def pretrained(self, sides, epochs):
        before.update({name: w.clone() for name, w in self.training.network.named_parameters()})
        return self.training.batches(32)

    monkeypatch.setattr(Stages, "_pretrain", pretrained)
    monkeypatch.setattr("huebench.methods.deep.nogan_unet.training.CRITIC_THRESHOLD", 100.0)
    method = NoGanUNet(**TINY)
    method.fit(photo_set(crops[:4]), photo_set([]), Context())
    moved = {n for n, w in method._trained.network.named_parameters() if not torch.equal(w, before[n])}
    assert moved
    assert not any(name.startswith("backbone.") for name in moved)
    assert any(name.startswith("stages.") for name in moved)


def test_no_burst_that_helped_is_said_in_the_row(photo_set, crops):
    scores = iter([0.1, 0.9, 0.5, 0.4])
    method = NoGanUNet(**TINY, burst=1, checkpoint=0.5)
    context = Context(validate=lambda _: next(scores))
    method.fit(photo_set(crops[:4]), photo_set(crops[4:6]), context)
    assert method.notes["inflection points"] == "none: no checkpoint of the burst helped"


def test_rates_fall_with_the_side_and_are_lower_for_a_pretrained_encoder(photo_set, crops, monkeypatch):
    rates = []

    def record(self, content=None, rates_=None, **options):
        learner = supervised(self, content, rates_)
        rates.append(sorted({group["lr"] for group in learner.optimizers["generator"].param_groups}))
        return learner

    supervised = Training.supervised
    monkeypatch.setattr(Training, "supervised", record)
    NoGanUNet(**TINY | {"size": 64}, cycles=0).fit(photo_set(crops[:4]), photo_set([]), Context())
    assert rates == [[1e-3], [1e-4]]
    rates.clear()
    monkeypatch.setattr(PretrainedPart, "load_into", lambda *given: "imagenet")
    method = NoGanUNet(**TINY, cycles=0)
    method.fit(photo_set(crops[:4]), photo_set([]), Context())
    assert rates == [pytest.approx([1e-6, 1e-3 * 1e-3**0.5, 1e-3])]
    assert method.notes["generator"] == "discriminative rates"
