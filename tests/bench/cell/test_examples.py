"""Photos with references of several kinds, and photos that lack one."""

from types import SimpleNamespace

import numpy as np
import pytest
from skimage import data

from huebench.bench.cell.colorizer import Answer
from huebench.bench.cell.pipeline import WITHOUT_REFERENCE, Pipeline, References
from huebench.bench.metrics import Scorer
from huebench.bench.protocol.protocol import Protocol
from huebench.bench.protocol.references import ReferencePool, describe, look
from huebench.datasets.base import Entry
from huebench.datasets.color.conversion import rgb_to_lab
from huebench.datasets.photos import Photo

CATEGORIES = ("sea", "", "sea", "island")
TARGETS = [Entry(f"target {i}", "test", name, "", "") for i, name in enumerate(CATEGORIES)]
TRAINING = [Entry(f"training {i}", "train", "sea" if i < 2 else "desert", "", "") for i in range(6)]
LEVELS = {entry.id: np.uint8(30 * i + 20) for i, entry in enumerate(TRAINING)}


def pixels(entry):
    """Return part of a picture for a target, and for a training photo one level, which tells it."""
    if entry in TRAINING:
        return np.full((32, 32, 3), LEVELS[entry.id], np.uint8)
    return data.coffee()[50 * TARGETS.index(entry) :][:256:8, :256:8]


PHOTOS = SimpleNamespace(read=pixels)


def pipeline(kind, log):
    rng = np.random.default_rng(0)
    planes = [np.kron(rng.uniform(0, 100, (8, 8)), np.ones((4, 4))).astype(np.float32) for _ in TRAINING]
    looks = np.array([look(plane) for plane in planes], np.uint64)
    pool = ReferencePool(TRAINING, np.stack([describe(plane) for plane in planes]), looks)

    def colorizer(given):
        log.append(given)
        levels = given.references.mean(axis=(1, 2, 3))
        return Answer(
            np.ones((*given.lightness.shape, 2), np.float32) * levels[:, None, None, None] / 10, 0.4
        )

    chosen = References(kind, pool, PHOTOS, seed=0)
    return Pipeline(Protocol(size=32), PHOTOS, Scorer(("psnr",)), colorizer, chosen)


def test_photos_without_a_reference_are_left_out_and_the_others_get_their_own_answers():
    log = []
    outcomes = pipeline("category", log).run(TARGETS)
    assert [outcome.status for outcome in outcomes] == ["ok", "left out", "ok", "left out"]
    assert [outcome.problem for outcome in outcomes] == ["", WITHOUT_REFERENCE, "", WITHOUT_REFERENCE]
    (given,) = log
    assert len(given.lightness) == len(given.references) == 2
    for i in (0, 2):
        prediction = outcomes[i].prediction
        assert prediction.reference in ("training 0", "training 1")
        np.testing.assert_array_equal(outcomes[i].lightness, rgb_to_lab(pixels(TARGETS[i]))[0])
        chroma = float(LEVELS[prediction.reference]) / 10
        _, found = rgb_to_lab(prediction.rgb)
        assert np.median(found) == pytest.approx(chroma, abs=1)
        assert prediction.seconds == 0.2


def test_a_batch_without_any_reference_is_not_colorized():
    log = []
    outcomes = pipeline("category", log).run([TARGETS[1], TARGETS[3]])
    assert {outcome.status for outcome in outcomes} == {"left out"}
    assert log == []


def test_warming_up_takes_the_first_photo_that_has_a_reference():
    log = []
    whole = pipeline("category", log)
    photos = [Photo(entry, pixels(entry)) for entry in TARGETS[1:]]
    one = Pipeline(whole.protocol, photos, whole.scorer, whole.colorizer, whole.references)
    assert one.warm_up() == 0.4
    np.testing.assert_array_equal(log[0].lightness[0], rgb_to_lab(pixels(TARGETS[2]))[0])


def test_kept_predictions_may_lack_only_photos_without_a_reference():
    whole = pipeline("category", [])
    kept = {o.entry.id: o.prediction for o in whole.run(TARGETS) if o.prediction}
    again = whole.run(TARGETS, kept)
    assert [outcome.status for outcome in again] == ["ok", "left out", "ok", "left out"]
    with pytest.raises(KeyError):
        pipeline("similar", []).run(TARGETS, kept)


def test_neighbours_are_one_picture_whose_photos_are_all_named():
    log = []
    outcome, *_ = pipeline("neighbours", log).run(TARGETS)
    names = outcome.prediction.reference.split(", ")
    assert len(set(names)) == 4
    picture = log[0].references[0]
    quarters = [picture[rows, columns, 0] for rows in (0, -1) for columns in (0, -1)]
    assert quarters == [LEVELS[name] for name in names]
