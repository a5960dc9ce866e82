"""What a method is given of the truth: the hints, and nothing around them."""

from types import SimpleNamespace

import numpy as np
import pytest
from skimage import data

from huebench.bench.cell.colorizer import Answer
from huebench.bench.cell.pipeline import Pipeline
from huebench.bench.cell.shards import input_picture
from huebench.bench.metrics import Scorer
from huebench.bench.protocol.hints import HINTS
from huebench.bench.protocol.protocol import Protocol
from huebench.datasets.base import Entry
from huebench.datasets.color.conversion import lab_to_rgb, rgb_to_lab

ENTRIES = [Entry(name, "test", "", "", "") for name in ("one", "two")]
NO_REFERENCES = SimpleNamespace(choose=lambda entries, lightness: [], read=lambda chosen: None)
PIXELS = {"one": data.coffee()[:256:4, :256:4], "two": data.astronaut()[:256:4, :256:4]}


def given(pixels, count, rule="huebench"):
    """Return what a method is given of two photos, batch by batch."""
    seen = []

    def colorizer(batch):
        seen.append(batch)
        return Answer(np.zeros((*batch.lightness.shape, 2), np.float32), 0.0)

    protocol, photos = Protocol(size=64, hints=rule), SimpleNamespace(read=lambda entry: pixels[entry.id])
    Pipeline(protocol, photos, Scorer(("psnr",)), colorizer, NO_REFERENCES, hints=count).run(ENTRIES)
    return seen


@pytest.mark.parametrize("rule", HINTS)
def test_colours_around_the_hints_do_not_reach_the_method(rule):
    (before,) = given(PIXELS, 9, rule)
    swapped = {}
    for entry, mask in zip(ENTRIES, before.hints.mask, strict=True):
        lightness, chroma = rgb_to_lab(PIXELS[entry.id])
        other = lab_to_rgb(lightness, -chroma[..., ::-1])
        swapped[entry.id] = np.where(mask[..., None], PIXELS[entry.id], other)
    protocol = Protocol(size=64, hints=rule)
    chroma = rgb_to_lab(np.stack(list(swapped.values())))[1]
    after = protocol.hint([entry.id for entry in ENTRIES], before.lightness, chroma, 9)
    np.testing.assert_array_equal(after.mask, before.hints.mask)
    np.testing.assert_allclose(after.ab, before.hints.ab, atol=1e-4)
    assert before.references is None
    assert before.true_chroma is None


@pytest.mark.parametrize("truth", ["photo", "jpeg"])
def test_the_picture_of_the_input_shows_the_hints_that_the_method_was_given(truth):
    def colorizer(batch):
        return Answer(batch.hints.ab, 0.0)

    protocol = Protocol(size=64, hints="huebench", truth=truth)
    photos = SimpleNamespace(read=lambda entry: PIXELS[entry.id])
    pipeline = Pipeline(protocol, photos, Scorer(("psnr",)), colorizer, NO_REFERENCES, hints=9)
    for outcome in pipeline.run(ENTRIES):
        shown = input_picture(protocol, outcome, 9)
        assert np.ptp(shown.astype(int), axis=2).max() > 10
        np.testing.assert_array_equal(shown, outcome.prediction.rgb)
        assert (outcome.truth != PIXELS[outcome.entry.id]).any() == (truth == "jpeg")


def test_the_hints_are_those_of_the_protocol():
    (batch,) = given(PIXELS, 9)
    planes = Protocol().hide(np.stack([PIXELS[entry.id] for entry in ENTRIES]))
    expected = Protocol(size=64, hints="huebench").hint(["one", "two"], *planes, 9)
    np.testing.assert_array_equal(batch.hints.mask, expected.mask)
    np.testing.assert_array_equal(batch.hints.ab, expected.ab)


def test_no_hints_are_none():
    (batch,) = given(PIXELS, 0)
    assert batch.hints is None
