"""Chroma averaged over time along the motion."""

import numpy as np
import pytest

from huebench import UserError
from huebench.datasets.color.conversion import rgb_to_lab
from huebench.datasets.spec import open_dataset
from huebench.methods.base import Context, Method, MethodInfo, methods
from huebench.methods.spec import parse_specs
from huebench.methods.temporal.propagated import Propagated
from huebench.methods.temporal.smoothed import Smoothed

pytest.importorskip("cv2", reason="needs the extra 'video'")


class Trembling(Method):
    """One colour per frame, at random."""

    info = MethodInfo(name="trembling", family="baseline", source="a test")

    def colorize(self, lightness, context):
        colours = [context.rng(plane).normal(0, 20, 2) for plane in lightness]
        return np.stack([np.broadcast_to(c, (*lightness.shape[1:], 2)) for c in colours]).astype(np.float32)


@pytest.fixture
def trembling(monkeypatch):
    methods.discover()
    monkeypatch.setitem(methods._items, "trembling", Trembling)
    return Smoothed(method="trembling")


@pytest.fixture(scope="module")
def clip():
    """Return the lightness and the chroma of a clip."""
    dataset = open_dataset("pan:samples")
    first = dataset.split("test")[0].clip
    return rgb_to_lab(np.stack([dataset.load(e) for e in dataset.split("test") if e.clip == first]))


def steps(chroma):
    return np.abs(np.diff(chroma.mean(axis=(1, 2)), axis=0)).mean()


def test_smoothing_takes_away_most_of_the_trembling(trembling, clip):
    lightness, _ = clip
    trembling.start()
    before = steps(Trembling().colorize(lightness, Context()))
    after = steps(trembling.colorize(lightness, Context()))
    assert after < 0.4 * before


def test_a_cut_begins_anew(trembling, clip):
    lightness, _ = clip
    other = np.ascontiguousarray(100 - lightness[:1, ::-1])
    trembling.start()
    joined = trembling.colorize(np.concatenate([lightness[:3], other]), Context())
    np.testing.assert_array_equal(joined[3], Trembling().colorize(other, Context())[0])


def test_it_takes_on_what_its_method_is(trembling):
    assert trembling.info.family == "baseline"
    assert trembling.info.temporal
    assert trembling.info.clips
    assert Smoothed(method="pixel-knn").info.reference == "similar"
    assert Smoothed(method="mean-ab").info.trainable
    named = parse_specs('smoothed[method="pixel-knn[neighbours=3]"]')[0].build()
    assert named.inner.parameters.neighbours == 3


def test_its_methods_code_is_in_its_key(trembling):
    names = {file.name for file in Smoothed(method="pixel-knn").files}
    assert {"pixel_knn.py", "search.py"} <= names


@pytest.mark.parametrize("wrong", ["gray,mean-ab", "smoothed", "baseline"])
def test_it_takes_one_method(wrong):
    with pytest.raises(UserError, match="name one method"):
        Smoothed(method=wrong)


def test_propagation_follows_the_motion_from_a_key_frame(clip):
    lightness, chroma = clip
    given = chroma.copy()
    given[1:] = np.nan
    method = Propagated()
    answer = method.colorize(lightness, Context(true_chroma=given))
    np.testing.assert_array_equal(answer[0], chroma[0])
    error = np.abs(answer - chroma).mean(axis=(1, 2, 3))
    still = np.abs(chroma[:1] - chroma).mean(axis=(1, 2, 3))
    assert error[1:].mean() < 0.7 * still[1:].mean()
    assert method.key_frame_every == 50
