from dataclasses import replace

import numpy as np
import pytest

from huebench import UserError
from huebench.bench.protocol.references import ReferencePool, describe, look
from huebench.datasets.base import Entry


def entry(name):
    return Entry(name, "train", "", "", name)


def photo(number, side=32):
    """Make a lightness plane of smooth patches, no two of one look."""
    coarse = np.random.default_rng(number).uniform(0, 100, (8, 8)).astype(np.float32)
    return np.kron(coarse, np.ones((side // 8, side // 8), np.float32))


def pool_of(entries, planes):
    looks = np.array([look(plane) for plane in planes], np.uint64)
    return ReferencePool(list(entries), np.stack([describe(plane) for plane in planes]), looks)


TARGET = Entry("target", "test", "", "", "its content")


@pytest.fixture
def pool():
    planes = [np.full((16, 16), level, np.float32) for level in (10, 50, 90)]
    return pool_of([entry(str(i)) for i in range(3)], planes)


def test_similar_is_the_nearest_lightness(pool):
    assert pool.similar(TARGET, np.full((16, 16), 52, np.float32)).id == "1"
    assert pool.similar(TARGET, np.full((40, 20), 99, np.float32)).id == "2"


def test_where_the_light_is_counts():
    top = np.zeros((16, 16), np.float32)
    top[:8] = 100
    left = top.T.copy()
    pool = pool_of([entry("top"), entry("bottom")], [top, top[::-1].copy()])
    left[0, 8:] = 100
    assert pool.similar(TARGET, left).id == "top"
    assert pool.similar(TARGET, left[::-1].copy()).id == "bottom"


def choices(pool, target, lightness):
    return {pool.similar(target, lightness).id} | {pool.random(target, lightness, s).id for s in range(20)}


def test_a_photo_is_not_its_own_reference():
    pool = pool_of([entry(str(i)) for i in range(3)], [photo(i) for i in range(3)])
    assert choices(pool, entry("1"), photo(1)) == {"0", "2"}


def test_a_photo_of_the_same_content_is_not_a_reference():
    entries = [replace(entry(str(i)), sha256=f"content {i}") for i in range(3)]
    pool = pool_of(entries, [photo(i) for i in range(3)])
    target = Entry("a copy in the test split", "test", "", "", "content 1")
    # The planes differ, so that the digest alone decides.
    assert choices(pool, target, photo(9)) == {"0", "2"}


def test_a_near_duplicate_is_not_a_reference():
    pool = pool_of([entry(str(i)) for i in range(3)], [photo(i) for i in range(3)])
    noise = np.random.default_rng(5).normal(0, 0.5, (32, 32)).astype(np.float32)
    assert choices(pool, TARGET, (photo(1) + noise).clip(0, 100)) == {"0", "2"}


def test_photos_that_all_look_alike_are_references_of_one_another_but_never_of_themselves():
    planes = [np.full((16, 16), level, np.float32) for level in (10, 11)]
    pool = pool_of([entry("0"), entry("1")], planes)
    assert choices(pool, entry("0"), planes[0]) == {"1"}


def test_a_photo_without_any_other_has_no_reference():
    pool = pool_of([entry("0")], [photo(0)])
    with pytest.raises(UserError, match="photo '0' has no reference: no other photo is in the training"):
        pool.similar(entry("0"), photo(0))
    with pytest.raises(UserError, match="photo '0' has no reference"):
        pool.random(entry("0"), photo(0), seed=0)


def test_the_descriptors_halves_weigh_alike():
    vector = describe(np.full((16, 16), 100, np.float32))
    assert vector.shape == (96,)
    np.testing.assert_allclose([np.square(vector[:32]).sum(), np.square(vector[32:]).sum()], 1, rtol=1e-5)


def test_random_depends_on_target_and_seed_alone(pool):
    targets = [entry(f"im{i}") for i in range(60)]
    drawn = [pool.random(target, photo(0), 0).id for target in targets]
    assert drawn == [pool.random(target, photo(0), 0).id for target in reversed(targets)][::-1]
    assert drawn != [pool.random(target, photo(0), 1).id for target in targets]
    assert set(drawn) == {"0", "1", "2"}
