import numpy as np
import pytest

from huebench.bench.protocol.references import ReferencePool, describe
from huebench.datasets.base import Entry


def entry(name):
    return Entry(name, "train", "", "", name)


@pytest.fixture
def pool():
    planes = [np.full((16, 16), level, np.float32) for level in (10, 50, 90)]
    return ReferencePool([entry(str(i)) for i in range(3)], np.stack([describe(plane) for plane in planes]))


def test_similar_is_the_nearest_lightness(pool):
    assert pool.similar(np.full((16, 16), 52, np.float32)).id == "1"
    assert pool.similar(np.full((40, 20), 99, np.float32)).id == "2"


def test_where_the_light_is_counts():
    top = np.zeros((16, 16), np.float32)
    top[:8] = 100
    pool = ReferencePool(
        [entry("top"), entry("bottom")], np.stack([describe(top), describe(top[::-1].copy())])
    )
    assert pool.similar(top).id == "top"
    assert pool.similar(top[::-1].copy()).id == "bottom"


def test_the_descriptors_halves_weigh_alike():
    vector = describe(np.full((16, 16), 100, np.float32))
    assert vector.shape == (96,)
    np.testing.assert_allclose([np.square(vector[:32]).sum(), np.square(vector[32:]).sum()], 1, rtol=1e-5)


def test_random_depends_on_target_and_seed_alone(pool):
    targets = [entry(f"im{i}") for i in range(60)]
    drawn = [pool.random(target, 0).id for target in targets]
    assert drawn == [pool.random(target, 0).id for target in reversed(targets)][::-1]
    assert drawn != [pool.random(target, 1).id for target in targets]
    assert set(drawn) == {"0", "1", "2"}
