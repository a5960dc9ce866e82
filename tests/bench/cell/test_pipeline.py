"""The path of photos under protocols that treat truth and result in their own way."""

from types import SimpleNamespace

import numpy as np
import pytest
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

from huebench.bench.cell.colorizer import Answer
from huebench.bench.cell.pipeline import Pipeline, mean_auc
from huebench.bench.metrics import Scorer
from huebench.bench.protocol.protocol import Protocol
from huebench.datasets.base import Entry
from huebench.datasets.photos import Photo

COLOURED, GREY = (Entry(name, "test", "", "", "") for name in ("coloured", "grey"))
NO_REFERENCES = SimpleNamespace(choose=lambda entries, lightness: [], read=lambda chosen: None)


PIXELS = {
    "coloured": data.coffee()[:256:4, :256:4],
    "grey": np.repeat(data.coffee()[:256:4, :256:4, :1], 3, axis=2),
}
PHOTOS = SimpleNamespace(read=lambda entry: PIXELS[entry.id])


def true_chroma(given):
    return Answer(given.true_chroma, 0.0)


def outcomes(**choices):
    protocol = Protocol(size=64, metrics=("psnr",), **choices)
    pipeline = Pipeline(protocol, PHOTOS, Scorer(("psnr",)), true_chroma, NO_REFERENCES, sees_truth=True)
    return pipeline.run([COLOURED, GREY])


def test_photos_left_out_are_never_colorized():
    coloured, grey = outcomes(near_grey="left-out")
    assert (coloured.status, grey.status) == ("ok", "left out")
    assert grey.prediction is None
    assert grey.near_grey
    assert grey.problem == "near-grey: the protocol scores no such photo"


def test_near_grey_photos_are_usually_scored_and_flagged():
    coloured, grey = outcomes()
    assert (coloured.near_grey, grey.near_grey) == (False, True)
    assert grey.status == "ok"


@pytest.mark.parametrize(
    "choices", [{"truth": "jpeg"}, {"save": "truncate-jpeg"}, {"truth": "jpeg", "save": "truncate"}]
)
def test_what_is_scored_is_what_the_protocol_says(choices):
    protocol = Protocol(size=64, **choices)
    truth = protocol.truth_of(PIXELS["coloured"])
    predicted = protocol.restore(*protocol.hide(PIXELS["coloured"]))
    coloured, _ = outcomes(**choices)
    np.testing.assert_array_equal(coloured.truth, truth)
    np.testing.assert_array_equal(coloured.prediction.rgb, predicted)
    assert coloured.scores["psnr"] == pytest.approx(peak_signal_noise_ratio(truth, predicted))
    assert coloured.scores["psnr"] < 45  # without JPEG the true chroma gives more


def test_validation_scores_the_same_truth():
    protocol = Protocol(size=64, truth="jpeg")
    photo = Photo(COLOURED, PIXELS["coloured"])

    def gray(given):
        return Answer(np.zeros((*given.lightness.shape, 2), np.float32), 0.0)

    predicted = protocol.restore(protocol.hide(photo.rgb[None])[0], np.zeros((1, 64, 64, 2), np.float32))[0]
    expected = Scorer(("auc",)).score(protocol.truth_of(photo.rgb), predicted).columns["auc"]
    assert mean_auc(protocol, gray, [photo]) == pytest.approx(expected)
    assert mean_auc(Protocol(size=64), gray, [photo]) != pytest.approx(expected)
