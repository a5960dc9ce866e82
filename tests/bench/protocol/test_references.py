from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from huebench import UserError
from huebench.bench.protocol.choices import REFERENCE_CHOICE
from huebench.bench.protocol.references import ReferencePool, as_one, describe, look
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


@pytest.fixture
def many():
    """Twenty photos in two categories."""
    entries = [replace(entry(str(i)), category="sea" if i % 4 else "desert") for i in range(20)]
    return pool_of(entries, [photo(i) for i in range(20)])


def test_every_choice_of_the_protocol_can_be_made(many):
    target = replace(TARGET, category="sea")
    counts = {choice: len(many.choose(choice, target, photo(99), 0)) for choice in REFERENCE_CHOICE}
    assert counts == {"similar": 1, "random": 1, "category": 1, "neighbours": 4}
    with pytest.raises(UserError, match="'nearest' must be one of similar, random, category, neighbours"):
        many.choose("nearest", target, photo(99), 0)


def test_neighbours_are_the_nearest_ones_in_order(many):
    distances = cdist([describe(photo(99))], many.descriptors)[0]
    nearest = [str(i) for i in np.argsort(distances)[:4]]
    assert [each.id for each in many.neighbours(TARGET, photo(99))] == nearest
    assert many.similar(TARGET, photo(99)).id == nearest[0]


def test_fewer_photos_are_fewer_neighbours():
    pool = pool_of([entry(str(i)) for i in range(3)], [photo(i) for i in range(3)])
    assert {each.id for each in pool.neighbours(entry("1"), photo(1))} == {"0", "2"}


def test_category_is_a_random_photo_of_the_targets_category(many):
    drawn = Counter()
    for seed in range(200):
        (chosen,) = many.of_category(replace(TARGET, category="desert"), photo(99), seed)
        drawn[chosen.id] += 1
        alike = many.random(TARGET, photo(99), seed)
        assert alike.category == "sea" or alike == chosen
    assert set(drawn) == {"0", "4", "8", "12", "16"}
    assert min(drawn.values()) > 20


def test_a_photo_whose_category_no_other_has_lacks_a_reference(many):
    assert many.of_category(TARGET, photo(99), 0) == []  # it has no category at all
    assert many.of_category(replace(TARGET, category="island"), photo(99), 0) == []
    alone = pool_of(
        [replace(entry("0"), category="sea"), replace(entry("1"), category="desert")], [photo(0), photo(1)]
    )
    assert alone.of_category(replace(entry("0"), category="sea"), photo(0), 0) == []


@pytest.mark.parametrize("choice", REFERENCE_CHOICE)
def test_no_choice_takes_the_photo_its_copy_or_a_near_duplicate(many, choice):
    noise = np.random.default_rng(5).normal(0, 0.5, (32, 32)).astype(np.float32)
    seen = (photo(1) + noise).clip(0, 100)
    targets = {
        "3": replace(TARGET, id="3"),
        "5": replace(TARGET, sha256="5"),
        "1": TARGET,  # by its look alone
    }
    many = replace(many, entries=[replace(each, sha256=each.id) for each in many.entries])
    for never, target in targets.items():
        asked = replace(target, category="sea")
        chosen = {each.id for seed in range(60) for each in many.choose(choice, asked, seen, seed)}
        assert chosen
        assert not chosen & {never, "1"}


def test_a_choice_depends_neither_on_other_targets_nor_on_their_order(many):
    targets = [replace(entry(f"im{i}"), category="sea") for i in range(12)]
    for choice in REFERENCE_CHOICE:
        there = [many.choose(choice, target, photo(50), 3) for target in targets]
        back = [many.choose(choice, target, photo(50), 3) for target in reversed(targets)]
        assert there == back[::-1]


def colours(side=(8, 6)):
    return [np.full((*side, 3), level, np.uint8) for level in (10, 60, 120, 240)]


def test_several_photos_fill_the_quarters_of_one():
    made = as_one(colours())
    assert made.shape == (8, 6, 3)
    assert [made[rows, columns].min() for rows in (0, 7) for columns in (0, 5)] == [10, 60, 120, 240]
    assert (made[:4, :3] == 10).all()
    assert (made[4:, 3:] == 240).all()
    assert as_one(colours((7, 5))).shape == (7, 5, 3)
    assert (as_one(colours()[:2])[4:, :3] == 10).all()  # the first one again


def test_a_quarter_holds_the_means_of_areas():
    photos = list(np.random.default_rng(0).integers(0, 256, (4, 8, 6, 3), dtype=np.uint8))
    means = photos[0].reshape(4, 2, 3, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(as_one(photos)[:4, :3], means, atol=1)  # Pillow rounds after each axis


def test_a_single_photo_stays_as_it_is():
    (only, *_) = colours()
    assert as_one([only]) is only
