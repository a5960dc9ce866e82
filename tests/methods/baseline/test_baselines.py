import numpy as np
import pytest

from huebench.bench.conformance.subject import SIDE, Subject, TinyDataset
from huebench.datasets.color.conversion import rgb_to_lab
from huebench.methods.base import Context
from huebench.methods.spec import MethodSpec


@pytest.fixture
def subject(tmp_path):
    return lambda name, **parameters: Subject(MethodSpec(name, parameters), TinyDataset(), tmp_path)


def test_gray_has_no_colour(subject):
    gray = subject("gray")
    assert not gray.answer(gray.fitted, gray.lightness()).any()


def test_mean_ab_equals_the_mean_over_all_training_pixels(subject):
    mean = subject("mean-ab")
    pixels = np.concatenate([rgb_to_lab(photo.rgb)[1].reshape(-1, 2) for photo in mean.photos("train")])
    answer = mean.answer(mean.fitted, mean.lightness())
    np.testing.assert_allclose(answer.reshape(-1, 2).mean(0), pixels.mean(0, dtype=np.float64), atol=1e-4)
    assert np.ptp(answer.reshape(-1, 2), axis=0).max() == 0


def test_random_ab_is_the_references_chroma(subject):
    random = subject("random-ab")
    reference = next(iter(random.photos("train"))).rgb
    context = Context(references=reference[None])
    answer = random.fitted.colorize(random.lightness()[:1], context)
    np.testing.assert_array_equal(answer[0], rgb_to_lab(reference)[1])


def test_oracle_roundtrip_is_the_truth(subject):
    oracle = subject("oracle-roundtrip")
    context = oracle.context(3)
    np.testing.assert_array_equal(oracle.fitted.colorize(oracle.lightness(), context), context.true_chroma)


def test_oracle_lowres_keeps_each_photos_mean_and_loses_detail(subject):
    oracle = subject("oracle-lowres", size=SIDE // 4)
    context = oracle.context(3)
    answer = oracle.fitted.colorize(oracle.lightness(), context)
    assert context.true_chroma is not None
    np.testing.assert_allclose(answer.mean((1, 2)), context.true_chroma.mean((1, 2)), atol=1)
    assert answer.std() < context.true_chroma.std() / 2
