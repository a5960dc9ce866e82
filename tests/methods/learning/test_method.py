"""Schedules, and what holds for every deep method, on the encoder–decoder at 16²."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from huebench import UserError
from huebench.datasets.color.conversion import rgb_to_lab
from huebench.datasets.photos import PhotoSet
from huebench.methods.base import Context, methods
from huebench.methods.deep.encoder_decoder.card import EncoderDecoder
from huebench.methods.deep.encoder_decoder.network import EncoderDecoderNetwork
from huebench.methods.deep.nogan_unet.card import NoGanUNet
from huebench.methods.deep.pix2pix.card import Pix2Pix
from huebench.methods.deep.resnet34_regression import ResNet34Regression
from huebench.methods.learning.inference import TrainedNetwork
from huebench.methods.learning.method import DeepMethod
from huebench.methods.learning.network import ColorNetwork
from huebench.methods.learning.schedule import Schedule
from huebench.methods.learning.trainer import Trainer
from huebench.methods.spec import parse_specs

TINY = {"size": 16, "epochs": 2, "batch": 4}


def _colors(method: DeepMethod) -> np.ndarray:
    lightness = np.linspace(0, 100, 2 * 17 * 31, dtype=np.float32).reshape(2, 17, 31)
    return method.colorize(lightness, Context())


@pytest.mark.parametrize(
    ("photos", "epochs"), [(0, 100), (1, 100), (40, 100), (41, 50), (200, 20), (400, 10), (9000, 10)]
)
def test_few_photos_are_seen_in_more_epochs(photos, epochs):
    assert Schedule(64, 10, batch=40, learning_rate=1e-3, min_steps=100).epochs_for(photos) == epochs


def test_parameters_replace_the_budgets_schedule():
    schedule = EncoderDecoder(size=32, epochs=3).schedule("quick")
    assert (schedule.size, schedule.epochs, schedule.batch, schedule.min_steps) == (32, 3, 20, 0)
    paper = Schedule(size=256, epochs=20, batch=40, learning_rate=5e-4)
    assert EncoderDecoder().schedule("paper") == paper
    assert EncoderDecoder(batch=7, learning_rate=1).schedule("paper") == replace(
        paper, batch=7, learning_rate=1
    )


@pytest.mark.parametrize("wrong", [{"size": 60}, {"epochs": 0}, {"learning_rate": 0}, {"precision": "fp8"}])
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        EncoderDecoder(**wrong)


def test_listing_methods_does_not_import_torch():
    code = (
        "import sys; from huebench.methods.base import methods; "
        "assert 'encoder-decoder' in methods.items(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_untrained_method_is_reported(tmp_path):
    with pytest.raises(UserError, match="encoder-decoder is not trained: call fit or load"):
        _colors(EncoderDecoder())
    with pytest.raises(UserError, match="not trained"):
        EncoderDecoder().save(tmp_path)


def test_a_seed_gives_the_same_colors_and_another_seed_others(photo_set, crops):
    answers = []
    for seed in (0, 0, 1):
        method = EncoderDecoder(**TINY)
        method.fit(photo_set(crops[:6]), photo_set([]), Context(seed=seed))
        answers.append(_colors(method))
    np.testing.assert_array_equal(answers[0], answers[1])
    assert not np.array_equal(answers[0], answers[2])


def test_save_and_load_give_the_same_colors(photo_set, crops, tmp_path):
    method = EncoderDecoder(**TINY)
    method.fit(photo_set(crops[:4]), photo_set(crops[4:6]), Context())
    method.save(tmp_path)
    again = EncoderDecoder(**TINY)
    again.load(tmp_path)
    np.testing.assert_array_equal(_colors(again), _colors(method))
    assert again.notes == method.notes


def test_weights_of_another_network_are_refused(photo_set, crops, tmp_path, monkeypatch):
    method = EncoderDecoder(**TINY)
    method.fit(photo_set(crops[:2]), photo_set([]), Context())
    method.save(tmp_path)
    monkeypatch.setattr(EncoderDecoder, "build_network", lambda self, size: torch.nn.Conv2d(1, 2, 1))
    with pytest.raises(UserError, match=r"network\.safetensors' does not fit encoder-decoder"):
        EncoderDecoder().load(tmp_path)


def test_an_interrupted_fit_resumes_to_the_same_bytes(photo_set, crops, tmp_path):
    class InterruptedFitError(Exception):
        pass

    def interrupt(done, total, what):
        if done == 3:
            raise InterruptedFitError

    train, validation = photo_set(crops[:8]), photo_set(crops[8:10])
    whole, resumed = EncoderDecoder(**TINY), EncoderDecoder(**TINY)
    whole.fit(train, validation, Context())
    with pytest.raises(InterruptedFitError):
        EncoderDecoder(**TINY).fit(train, validation, Context(checkpoints=tmp_path, progress=interrupt))
    resumed.fit(train, validation, Context(checkpoints=tmp_path))
    np.testing.assert_array_equal(_colors(resumed), _colors(whole))


def test_a_checkpoint_of_other_photos_is_refused(photo_set, crops, tmp_path):
    context = Context(checkpoints=tmp_path)
    EncoderDecoder(**TINY).fit(photo_set(crops[:4]), photo_set([]), context)
    with pytest.raises(UserError, match="belongs to another training"):
        EncoderDecoder(**TINY).fit(photo_set(crops[4:8]), photo_set([]), context)


def test_the_best_epoch_by_validation_auc_is_kept_and_named(photo_set, crops):
    given, answers = iter([0.5, 0.75, 0.25]), []

    def validate(method):
        answers.append(_colors(method))
        return next(given)

    method = EncoderDecoder(**TINY | {"epochs": 3})
    method.fit(photo_set(crops[:4]), photo_set(crops[4:6]), Context(validate=validate))
    np.testing.assert_array_equal(_colors(method), answers[1])
    assert method.notes["epoch kept"] == "2 of 3, by validation AuC 0.7500"
    assert method.notes["epochs"] == "3 at 16²; 4 photos each"
    assert method.notes["optimizer"] == "Adam at 0.0005, ×0.3 in steps"

    last = EncoderDecoder(**TINY | {"epochs": 3}, keep="last")
    last.fit(photo_set(crops[:4]), photo_set(crops[4:6]), Context(validate=validate))
    np.testing.assert_array_equal(_colors(last), answers[2])
    assert last.notes["epoch kept"] == "the last of 3"
    without = EncoderDecoder(**TINY)
    without.fit(photo_set(crops[:4]), photo_set([]), Context(validate=validate))
    assert without.notes["epoch kept"] == "the last of 2 (no validation photos)"


OURS = {"optimizer": "adamw", "rates": "one-cycle", "start_size": 16, "crop": 0.4, "average": 0.9}


def test_our_habits_of_training_are_options_and_stand_in_the_row(photo_set, crops):
    rates, step = [], torch.optim.AdamW.step

    def record(self, *given):
        rates.append(self.param_groups[0]["lr"])
        return step(self, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", record)
        method = ResNet34Regression(
            size=32, epochs=4, batch=4, backbone="resnet18", weights="none", learning_rate=0.01,
            recalibrate=True, warm_up=0.25, **OURS,
        )  # fmt: skip
        method.fit(photo_set(crops[:8]), photo_set(crops[8:10]), Context())
    assert len(rates) == 8
    assert rates.index(max(rates)) == 1  # the rate rises in a quarter of the eight steps, then falls
    assert max(rates) == pytest.approx(0.01)
    assert sorted(rates[1:], reverse=True) == rates[1:]
    assert method.notes["optimizer"] == "AdamW at 0.01, one cycle"
    assert method.notes["epochs"] == "2 at 16², then 2 at 32²; 8 photos each"
    assert method.notes["weights kept"] == "moving average (0.9), recalibrated batch statistics"


@pytest.mark.parametrize(("epochs", "warm_up"), [(2, 0.5), (4, 0.25), (10, 0.1)])
def test_a_rate_may_rise_in_a_single_step(photo_set, crops, epochs, warm_up):
    method = EncoderDecoder(size=16, epochs=epochs, batch=4, rates="one-cycle", warm_up=warm_up)
    method.fit(photo_set(crops[:4]), photo_set([]), Context())
    assert method.notes["optimizer"] == "Adam at 0.0005, one cycle"


@pytest.mark.parametrize(("size", "side"), [(16, 32), (64, 128), (96, 128), (144, 144)])
def test_crops_are_taken_from_photos_of_at_most_the_protocols_side(photo_set, crops, size, side):
    method, packed = EncoderDecoder(size=size, epochs=1, crop=0.5), []
    photos = photo_set(crops[:3])  # prepared at 128²
    with pytest.MonkeyPatch.context() as patch:
        pack = PhotoSet.packed
        patch.setattr(PhotoSet, "packed", lambda self, size: packed.append(size) or pack(self, size))
        patch.setattr(Trainer, "run", lambda self: None)
        method.fit(photos, photo_set([]), Context())
    assert packed == [size, size, side]  # for near-grey photos, for validation, for crops


@pytest.mark.parametrize(
    "text",
    [
        *("cnn-lstm[optimizer=adamw]", "cnn-lstm[rates=one-cycle]", "cnn-lstm[crop=0.5]"),
        *("nogan-unet[start_size=32]", "pix2pix[rates=one-cycle]", "pix2pix[start_size=32]"),
    ],
)
def test_a_parameter_that_a_training_would_not_use_is_refused(text):
    with pytest.raises(UserError, match=r"unknown \(its parameters: "):
        parse_specs(text)[0].build()


def test_a_first_side_that_is_not_smaller_is_no_growth():
    assert EncoderDecoder(size=64).schedule("long").start_size is None
    assert EncoderDecoder(size=64, start_size=32).schedule("paper").start_size == 32


@pytest.mark.parametrize(
    "name",
    [
        *("encoder-decoder", "inception-fusion", "pix2pix", "nogan-unet"),
        *("resnet34-regression", "resnet34-classification", "resnet34-rebalanced"),
    ],
)
def test_the_papers_own_training_is_the_default_of_budget_paper_and_ours_of_long(name):
    method = methods.get(name)()
    paper, long = method.schedule("paper"), method.schedule("long")
    assert (paper.optimizer, paper.rates, paper.start_size, paper.crop) == ("adam", "steps", None, 1.0)
    assert (paper.average, paper.recalibrate) == (0.0, False)
    assert (long.optimizer, long.rates, long.average) == ("adamw", "one-cycle", 0.999)
    assert method.schedule("quick").size < long.size <= paper.size


@pytest.mark.parametrize(
    ("budget", "options", "there", "found"),
    [
        ("long", {}, {"mobilenetv2_100", "tf_efficientnet_lite0"}, "mobilenetv2_100"),
        ("long", {}, {"resnet34", "mobilenetv2_100"}, "resnet34"),
        ("long", {}, set(), "resnet34"),
        ("paper", {}, {"mobilenetv2_100"}, "resnet34"),
        ("long", {"backbone": "resnet18"}, {"mobilenetv2_100"}, "resnet18"),
        ("long", {"weights": "none"}, {"mobilenetv2_100"}, "resnet34"),
    ],
)
def test_long_takes_the_first_backbone_whose_weights_are_found(monkeypatch, budget, options, there, found):
    def find(name, where):
        return name if name in there and where != "none" else None

    monkeypatch.setattr("huebench.methods.learning.method.find_weights", find)
    assert ResNet34Regression(**options).choose(Context(budget=budget)) == {"backbone": found}


def test_a_model_is_loaded_with_the_backbone_that_its_fit_chose(photo_set, crops, tmp_path, monkeypatch):
    monkeypatch.setattr(ResNet34Regression, "choose", lambda self, context: {"backbone": "mobilenetv2_100"})
    method = ResNet34Regression(size=32, epochs=1, batch=4, weights="none")
    method.fit(photo_set(crops[:4]), photo_set([]), Context())
    assert method.notes["backbone"] == "mobilenetv2_100"
    method.save(tmp_path)
    monkeypatch.undo()
    again = ResNet34Regression(size=32, epochs=1, batch=4, weights="none")
    again.load(tmp_path)
    np.testing.assert_array_equal(_colors(again), _colors(method))


def test_an_interrupted_fit_with_our_habits_resumes_to_the_same_bytes(photo_set, crops, tmp_path):
    class InterruptedFitError(Exception):
        pass

    def interrupt(done, total, what):
        if what.startswith("epoch 2/3, loss"):
            raise InterruptedFitError

    def fit(context):
        options = TINY | {"size": 32, "epochs": 3} | OURS
        method = EncoderDecoder(**options)
        method.fit(photo_set(crops[:8]), photo_set(crops[8:10]), context)
        return _colors(method)

    whole = fit(Context())
    with pytest.raises(InterruptedFitError):
        fit(Context(checkpoints=tmp_path, progress=interrupt))
    np.testing.assert_array_equal(fit(Context(checkpoints=tmp_path)), whole)


def test_the_row_counts_the_photos_that_were_drawn(photo_set, crops):
    method = EncoderDecoder(**TINY, photos=3)
    assert method.train_photos is None
    method.fit(photo_set(crops[:6]), photo_set([]), Context())
    assert method.train_photos == 3


def test_near_grey_photos_are_left_out_of_training(photo_set, crops):
    grey = np.repeat(crops[:3].mean(-1, keepdims=True), 3, axis=-1).astype(np.uint8)
    colourful, mixed = EncoderDecoder(**TINY), EncoderDecoder(**TINY)
    colourful.fit(photo_set(crops[:5]), photo_set([]), Context())
    mixed.fit(photo_set([grey[0], *crops[:4], *grey[1:], crops[4]]), photo_set([]), Context())
    np.testing.assert_array_equal(_colors(mixed), _colors(colourful))
    assert mixed.notes["near-grey training photos"] == "3 of 8 left out"
    assert colourful.notes["near-grey training photos"] == "none left out"
    assert (mixed.train_photos, colourful.train_photos) == (5, 5)

    everything = EncoderDecoder(**TINY, near_grey=True)
    everything.fit(photo_set([*grey, *crops[:5]]), photo_set([]), Context())
    assert everything.notes["near-grey training photos"] == "none left out"
    assert not np.array_equal(_colors(everything), _colors(colourful))
    with pytest.raises(UserError, match="all 3 training photos are near-grey: near_grey=true trains on them"):
        EncoderDecoder(**TINY).fit(photo_set(grey), photo_set([]), Context())


def test_the_prior_of_colours_leaves_near_grey_photos_out_too(photo_set, crops, monkeypatch):
    shown = []
    monkeypatch.setattr(ColorNetwork, "begin_with", lambda self, photos: shown.extend(photos))
    photos = photo_set([np.full_like(crops[0], 128), *crops[:2]])
    EncoderDecoder(**TINY).fit(photos, photo_set([]), Context())
    np.testing.assert_array_equal(shown, photos.packed(16)[1:])


def test_training_and_prediction_resize_photos_alike(photo_set, crops, monkeypatch):
    """The remaining difference: training resizes sRGB, prediction can only resize L*."""
    seen = []
    monkeypatch.setattr(EncoderDecoderNetwork, "forward", lambda self, photos: seen.append(photos) or 1 / 0)
    lightness, _ = rgb_to_lab(crops)
    method = EncoderDecoder(size=48)
    method._trained = TrainedNetwork(method.build_network(48), 48)
    for plane in lightness:
        with pytest.raises(ZeroDivisionError):
            method.colorize(plane[None], Context())
    trained_on, _ = rgb_to_lab(np.array(photo_set(crops).packed(48)))
    difference = np.abs(torch.cat(seen)[:, 0].numpy() - trained_on).mean()
    assert difference < 0.3


def test_no_training_photos_is_an_error(photo_set):
    with pytest.raises(UserError, match="no training photos"):
        EncoderDecoder(**TINY).fit(photo_set([]), photo_set([]), Context())


def test_a_photos_colors_do_not_depend_on_its_batch(photo_set, crops):
    method = EncoderDecoder(**TINY)
    method.fit(photo_set(crops[:4]), photo_set([]), Context())
    lightness = np.random.default_rng(0).uniform(0, 100, (5, 40, 30)).astype(np.float32)
    together = method.colorize(lightness, Context())
    alone = np.concatenate([method.colorize(lightness[i : i + 1], Context()) for i in range(5)])
    np.testing.assert_array_equal(together, alone)


def test_bf16_trains_on_the_cpu(photo_set, crops):
    curves = []
    method = EncoderDecoder(**TINY, precision="bf16")
    method.fit(photo_set(crops[:8]), photo_set([]), Context(log_epoch=curves.append))
    assert curves[-1].loss < curves[0].loss


def _full_beyond_50(method: DeepMethod, side: int) -> DeepMethod:
    """Give a method an untrained network of a side, for which memory runs out beyond 50²."""

    def fill(_, inputs):
        if inputs[0].shape[-1] > 50:
            raise torch.OutOfMemoryError("full")

    method._trained = TrainedNetwork(method.build_network(side), side)
    method._trained.network.register_forward_pre_hook(fill)
    return method


@pytest.mark.parametrize(
    ("kind", "options", "side", "name", "value"),
    [
        (EncoderDecoder, {}, 80, "size", 48),
        (ResNet34Regression, {"backbone": "resnet18"}, 80, "size", 48),
        (NoGanUNet, {"backbone": "resnet18"}, 80, "render_factor", 3),
    ],
)
def test_out_of_memory_names_a_parameter_that_the_method_takes(kind, options, side, name, value):
    with pytest.raises(UserError, match=rf"colorize at {side}²: {name}={value} would fit now"):
        _colors(_full_beyond_50(kind(**options), side))
    advised = kind(**options, **{name: value})
    assert advised.prediction_size(advised.schedule("quick"), "quick") == 48


def test_out_of_memory_of_a_network_that_takes_one_side_names_none():
    with pytest.raises(UserError, match=r"colorize at 64² and at every smaller side that this network takes"):
        _colors(_full_beyond_50(Pix2Pix(), 64))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_gpu_colorizes_a_photo_alone_as_in_a_batch(photo_set, crops):
    method = EncoderDecoder(**TINY)
    context = Context(device="cuda")
    method.fit(photo_set(crops[:8]), photo_set(crops[8:]), context)
    assert "peak GPU memory" in method.notes
    lightness = np.random.default_rng(0).uniform(0, 100, (20, 40, 30)).astype(np.float32)
    together = method.colorize(lightness, context)
    alone = np.concatenate([method.colorize(lightness[i : i + 1], context) for i in range(20)])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize(("size", "advice"), [(40, "32 or 48"), (8, "16"), (0, "16")])
def test_a_side_that_a_network_cannot_take_is_refused_with_the_nearest_ones(size, advice):
    method = EncoderDecoder()
    method._trained = TrainedNetwork(EncoderDecoderNetwork(), 32)
    with pytest.raises(UserError, match=f"multiples of 16 pixels, not at {size}: give {advice}$"):
        method.network_size = size
    method.network_size = 48
    assert method.network_size == 48
