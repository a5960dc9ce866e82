"""The loop on a network of two weights a pixel: curves, resume, early stopping, errors."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from torch import nn

from huebench import UserError
from huebench.methods.base import Context
from huebench.methods.learning import data
from huebench.methods.learning.data import LabBatches
from huebench.methods.learning.learner import Supervised
from huebench.methods.learning.network import ColorNetwork
from huebench.methods.learning.reproducible import reproducible
from huebench.methods.learning.trainer import Habits, Trainer
from huebench.methods.memory import OutOfMemoryError

CPU = torch.device("cpu")


class Tiny(ColorNetwork):
    """One convolution with dropout, so that every source of randomness is there."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(1, 2, 3, padding=1)

    def forward(self, lightness):
        return nn.functional.dropout(self.layer(lightness / 100), 0.2, self.training)

    def chroma(self, prediction):
        return 100 * prediction

    def loss(self, prediction, ab):
        return nn.functional.mse_loss(prediction, ab / 100)


class InterruptedFitError(Exception):
    pass


def _photos(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)


def _train(
    context: Context, *, epochs=4, train=10, validation=4, rate=0.01, network=Tiny, **options
) -> Supervised:
    names = {field.name for field in fields(Habits)} & options.keys()
    habits = Habits(**{name: options.pop(name) for name in names})
    with reproducible(context.seed, CPU):
        network = network()
        optimizer = torch.optim.Adam(network.parameters(), lr=rate)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
        learner = Supervised(network, optimizer, scheduler)
        batches = LabBatches(_photos(train), 4, CPU), LabBatches(_photos(validation, 1), 4, CPU)
        Trainer(learner, *batches, epochs, context, "key", habits, **options).run()
    return learner


def _weights(learner: Supervised) -> bytes:
    return b"".join(weight.detach().numpy().tobytes() for weight in learner.network.parameters())


def test_a_seed_gives_the_same_bytes():
    first, again, other = (_weights(_train(Context(seed=seed))) for seed in (0, 0, 1))
    assert first == again
    assert first != other


@pytest.mark.parametrize("stop", [1, 5, 6, 11])
def test_a_resumed_training_equals_an_uninterrupted_one_bit_for_bit(tmp_path, stop):
    curves, resumed_curves = [], []
    whole = _train(Context(log_epoch=curves.append))

    def interrupt(done, total, what):
        if done == stop:
            raise InterruptedFitError

    context = Context(checkpoints=tmp_path, log_epoch=resumed_curves.append)
    with pytest.raises(InterruptedFitError):
        _train(replace(context, progress=interrupt))
    resumed_curves.clear()
    resumed = _train(context)
    assert _weights(resumed) == _weights(whole)
    assert resumed_curves == curves


def test_a_finished_training_is_not_trained_again(tmp_path):
    steps = []
    context = Context(checkpoints=tmp_path, progress=lambda *step: steps.append(step))
    first = _train(context)
    assert len(steps) == 13
    assert _weights(_train(context)) == _weights(first)
    assert len(steps) == 13


def test_progress_counts_every_step_and_names_epoch_and_loss():
    steps = []
    _train(Context(progress=lambda *step: steps.append(step)), epochs=2)
    assert [(done, total) for done, total, _ in steps] == [(i, 6) for i in range(7)]
    assert steps[0][2] == "epoch 1/2"  # before the first step: the clock of the time left starts here
    assert steps[4][2].startswith("epoch 2/2, loss 0.")


def test_curves_hold_both_splits_and_the_loss_falls():
    curves = []
    _train(Context(log_epoch=curves.append), epochs=30)
    assert [(epoch.epoch, epoch.split) for epoch in curves[:3]] == [
        (1, "train"),
        (1, "validation"),
        (2, "train"),
    ]
    losses = [epoch.loss for epoch in curves if epoch.split == "train"]
    assert len(losses) == 30
    assert losses[-1] < losses[0]
    assert all(0 <= epoch.accuracy <= 1 and epoch.epochs == 30 for epoch in curves)


def test_accuracy_is_the_share_of_pixels_within_ten():
    curves = []
    gray = np.full((5, 8, 8, 3), 128, np.uint8)
    gray[:, :, :2] = (255, 0, 0)
    learner = _train(Context(), epochs=1)
    with torch.no_grad():
        learner.network.layer.weight.zero_()
        learner.network.layer.bias.zero_()
    batches = LabBatches(gray, 2, CPU)
    trainer = Trainer(learner, batches, batches, 1, Context(log_epoch=curves.append), "key")
    trainer._validate(1)
    assert curves[0].accuracy == pytest.approx(0.75)


def test_without_validation_photos_only_training_is_logged():
    curves = []
    _train(Context(log_epoch=curves.append), validation=0)
    assert {epoch.split for epoch in curves} == {"train"}


def test_early_stopping_keeps_the_best_weights(tmp_path):
    curves = []
    context = Context(log_epoch=curves.append, checkpoints=tmp_path)
    learner = _train(context, epochs=200, rate=0.3, keep_best=True, patience=3)
    losses = [epoch.loss for epoch in curves if epoch.split == "validation"]
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + 3
    until_best = _train(Context(), epochs=best + 1, rate=0.3)
    assert _weights(learner) == _weights(until_best)
    assert _weights(_train(context, epochs=200, rate=0.3, keep_best=True, patience=3)) == _weights(learner)


def test_early_stopping_needs_validation_photos():
    with pytest.raises(UserError, match="no validation photos: leave patience unset"):
        _train(Context(), validation=0, patience=2)


def test_no_training_photos_is_an_error():
    with pytest.raises(UserError, match="no training photos"):
        _train(Context(), train=0)


def test_a_loss_that_is_not_finite_is_reported_with_epoch_and_step(monkeypatch):
    losses = iter([1.0] * 4 + [float("nan")] * 9)
    monkeypatch.setattr(Tiny, "loss", lambda self, prediction, ab: prediction.mean() * next(losses))
    with pytest.raises(UserError, match="loss is nan in epoch 2 of 4, step 2 of 3: lower learning_rate"):
        _train(Context(), validation=0)


def test_a_gradient_that_is_not_finite_is_an_error(monkeypatch):
    monkeypatch.setattr(Tiny, "loss", lambda self, prediction, ab: (prediction * 0).sum().sqrt())
    with pytest.raises(UserError, match=r"gradient is (nan|inf) in epoch 1"):
        _train(Context())


def test_the_weights_of_the_highest_score_are_kept(tmp_path):
    given = iter([0.3, 0.2, 0.9, 0.4])
    best = _train(Context(checkpoints=tmp_path), keep_best=True, score=lambda: next(given))
    assert _weights(best) == _weights(_train(Context(), epochs=3))
    again = _train(Context(checkpoints=tmp_path), keep_best=True, score=lambda: 1.0)
    assert _weights(again) == _weights(best)


def test_the_epoch_with_the_lowest_validation_loss_is_kept_where_nothing_scores():
    curves = []
    best = _train(Context(log_epoch=curves.append), epochs=8, rate=0.3, keep_best=True)
    losses = [epoch.loss for epoch in curves if epoch.split == "validation"]
    lowest = losses.index(min(losses)) + 1
    assert lowest < 8
    assert _weights(best) == _weights(_train(Context(), epochs=lowest, rate=0.3))


def test_no_epoch_is_kept_where_each_lowers_the_score():
    given = iter([0.5, 0.4, 0.3])
    untrained = _train(Context(), epochs=2, keep_best=True, may_keep_none=True, score=lambda: next(given))
    assert _weights(untrained) != _weights(_train(Context(), epochs=2))
    torch.manual_seed(0)
    assert _weights(untrained) == b"".join(w.detach().numpy().tobytes() for w in Tiny().parameters())


class Normalised(Tiny):
    """With batch normalisation, whose statistics lag."""

    def __init__(self) -> None:
        super().__init__()
        self.normalise = nn.BatchNorm2d(2)

    def forward(self, lightness):
        return self.normalise(super().forward(lightness))


def _state(learner: Supervised) -> bytes:
    return b"".join(value.numpy().tobytes() for value in learner.network.state_dict().values())


def test_the_average_of_the_weights_is_judged_and_kept(monkeypatch):
    """The average is computed here from the weights after each step, with its warm-up."""
    steps, judged = [], []
    step = Supervised.step

    def record(self, *batch):
        done = step(self, *batch)
        steps.append(self.network.layer.weight.detach().clone())
        learners.append(self)
        return done

    learners = []
    monkeypatch.setattr(Supervised, "step", record)

    def score():
        judged.append(learners[-1].network.layer.weight.detach().clone())
        return float(len(judged))

    learner = _train(Context(), epochs=2, average=0.5, keep_best=True, score=score)
    expected = steps[0]
    for i, weight in enumerate(steps[1:], 1):
        share = 1 - min(0.5, (1 + i) / (10 + i))
        expected = expected + share * (weight - expected)
    torch.testing.assert_close(judged[-1], expected)
    assert torch.equal(learner.network.layer.weight, judged[-1])
    assert not torch.equal(judged[-1], steps[-1])


def test_training_itself_does_not_see_the_average():
    curves = [[], []]
    _train(Context(log_epoch=curves[0].append))
    _train(Context(log_epoch=curves[1].append), average=0.9, keep_best=True)
    plain, averaged = ([epoch.loss for epoch in curve if epoch.split == "train"] for curve in curves)
    assert averaged == plain


def test_batch_statistics_are_measured_anew_over_the_training_photos():
    learner = _train(Context(), network=Normalised, epochs=1, recalibrate=True)
    network = learner.network
    photos = LabBatches(_photos(10), 10, CPU)
    ((lightness, _),) = photos.in_order()
    network.layer.requires_grad_(False)
    # Dropout scales what it leaves, so the mean over many pixels is the plain convolution's.
    plain = network.layer(lightness / 100)
    torch.testing.assert_close(network.normalise.running_mean, plain.mean((0, 2, 3)), rtol=0.05, atol=0.01)
    lagging = _train(Context(), network=Normalised, epochs=1).network.normalise
    away = [
        (mean - plain.mean((0, 2, 3))).abs().max()
        for mean in (lagging.running_mean, network.normalise.running_mean)
    ]
    assert away[1] < away[0] / 5


def test_first_epochs_may_see_smaller_photos():
    steps, sides = [], []
    small = LabBatches(_photos(10)[:, ::2, ::2], 4, CPU)

    class Watched(Tiny):
        def forward(self, lightness):
            if self.training:
                sides.append(lightness.shape[-1])
            return super().forward(lightness)

    _train(Context(progress=lambda *step: steps.append(step)), network=Watched, smaller=[small])
    assert sides == [4] * 6 + [8] * 6
    # A step at twice the side is four times the work.
    assert [done for done, _, _ in steps] == [*range(7), *range(10, 31, 4)]
    assert {total for _, total, _ in steps} == {30}


def _killed(call, epoch: int, *, after: bool):
    """Return a trainer's method that is killed in one epoch, before or after its work."""

    def method(trainer, *given):
        now = not given or given[0] == epoch
        if after or not now:
            call(trainer, *given)
        if now:
            raise InterruptedFitError

    return method


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("where", ["_validate", "_judge", "_save", "_finish"])
@pytest.mark.parametrize("epoch", [2, 4])
def test_a_kill_at_any_point_of_an_epochs_end_resumes_to_the_same_bytes(
    tmp_path, monkeypatch, where, after, epoch
):
    networks = []

    def train(**context) -> bytes:
        def network():
            networks.append(Normalised())
            return networks[-1]

        options = {"average": 0.9, "recalibrate": True, "keep_best": True, "network": network}
        return _state(
            _train(Context(**context), score=lambda: networks[-1].layer.bias.sum().item(), **options)
        )

    whole = train()
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, where, _killed(getattr(Trainer, where), epoch, after=after))
        with pytest.raises(InterruptedFitError):
            train(checkpoints=tmp_path)
    assert train(checkpoints=tmp_path) == whole


def test_stages_see_the_photos_in_different_orders():
    assert _weights(_train(Context(), name="one")) != _weights(_train(Context(), name="two"))


def test_a_single_value_for_batch_normalisation_is_explained(monkeypatch):
    def normalise(self, lightness):
        pixel = nn.functional.adaptive_avg_pool2d(self.layer(lightness / 100), 1)
        return nn.functional.batch_norm(pixel, None, None, training=True)

    monkeypatch.setattr(Tiny, "forward", normalise)
    with pytest.raises(UserError, match=r"1 training photo\(s\) in batches of 1 are too few"):
        _train(Context(), train=1)


def test_other_errors_of_a_step_pass_through(monkeypatch):
    monkeypatch.setattr(Tiny, "forward", lambda self, lightness: int("no number"))
    with pytest.raises(ValueError, match="invalid literal"):
        _train(Context())


class Limited(Supervised):
    """Runs out of memory with more than three photos a step."""

    error: Exception = torch.OutOfMemoryError("CUDA out of memory")
    most = 3

    def step(self, lightness, ab):
        if len(ab) > self.most:
            raise self.error
        return super().step(lightness, ab)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("full"),
        torch.AcceleratorError("CUDA error: out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_out_of_memory_names_the_batch_that_would_fit(monkeypatch, error):
    monkeypatch.setattr(Limited, "error", error)
    monkeypatch.setitem(globals(), "Supervised", Limited)
    with pytest.raises(
        OutOfMemoryError, match=r"too small to train on 4 photos of 8² per step: batch=2 would"
    ):
        _train(Context())
    monkeypatch.setattr(Limited, "most", 0)
    with pytest.raises(OutOfMemoryError, match="per step: lower size"):
        _train(Context())


@pytest.mark.parametrize("where", ["conversion", "validation", "score"])
def test_out_of_memory_outside_the_steps_names_the_batch_too(monkeypatch, where):
    def limit_threads(convert):
        def call(*batch):
            if len(batch[-1]) > 3:
                raise torch.OutOfMemoryError("full")
            return convert(*batch)

        return call

    def fill():
        raise torch.OutOfMemoryError("full")

    if where == "conversion":
        monkeypatch.setattr(data, "rgb_to_lab", limit_threads(data.rgb_to_lab))
    elif where == "validation":
        monkeypatch.setattr(Supervised, "evaluate", limit_threads(Supervised.evaluate))
    with pytest.raises(
        OutOfMemoryError, match="too small to train on 4 photos of 8² per step: batch=2 would fit"
    ):
        _train(Context(), keep_best=True, score=fill if where == "score" else None)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_resumed_adam_counts_its_steps_on_the_cpu(tmp_path):
    """On the GPU, each later step would wait for every weight's count."""
    device = torch.device("cuda")
    for epochs in (1, 2):
        network = Tiny().to(device)
        optimizer = torch.optim.Adam(network.parameters())
        learner = Supervised(network, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 2))
        batches = LabBatches(_photos(10), 4, device), LabBatches(_photos(4), 4, device)
        Trainer(learner, *batches, epochs, Context(checkpoints=tmp_path, device="cuda"), "key").run()
    states = optimizer.state.values()
    assert {(state["step"].device.type, state["step"].item()) for state in states} == {("cpu", 6)}
    assert {state["exp_avg"].device.type for state in states} == {"cuda"}
