import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huebench.datasets.splits import TENTHS, by_digest, by_name, shares, with_validation


@pytest.mark.parametrize(
    ("count", "weights", "expected"),
    [
        (25_000, TENTHS, (20_000, 2_500, 2_500)),
        (4_319, (4_000, 200, 119), (4_000, 200, 119)),
        (432, (4_000, 200, 119), (400, 20, 12)),
        (3, TENTHS, (1, 1, 1)),
        (2, TENTHS, (2, 0, 0)),
        (0, TENTHS, (0, 0, 0)),
    ],
)
def test_shares(count, weights, expected):
    assert shares(count, weights) == expected


@given(st.dictionaries(st.text(max_size=5), st.sampled_from("abcdef"), max_size=40), st.data())
def test_equal_digests_share_a_split_whatever_the_counts(digests, data):
    train = data.draw(st.integers(0, len(digests)))
    validation = data.draw(st.integers(0, len(digests) - train))
    splits = by_digest(digests, (train, validation, len(digests) - train - validation))
    assert splits.keys() == digests.keys()
    assert len({(digest, splits[key]) for key, digest in digests.items()}) == len(set(digests.values()))


def test_distinct_digests_are_counted_exactly_and_cut_in_their_order():
    digests = {f"p{n}": hashlib.sha256(bytes([n])).hexdigest() for n in range(100)}
    splits = by_digest(digests, (70, 20, 10))
    assert Counter(splits.values()) == {"train": 70, "validation": 20, "test": 10}
    assert [splits[key] for key in sorted(digests, key=digests.get)] == (
        ["train"] * 70 + ["validation"] * 20 + ["test"] * 10
    )


def test_order_of_the_photos_does_not_matter():
    digests = {"a": "3", "b": "1", "c": "2"}
    assert by_digest(digests, (1, 1, 1)) == by_digest(dict(reversed(digests.items())), (1, 1, 1))


def test_photos_that_cannot_be_read_fall_in_every_split_by_their_names():
    names = [f"p{n}" for n in range(100)]
    assert by_digest(dict.fromkeys(names, ""), (70, 20, 10)) == by_name(names, (70, 20, 10))


def test_names_are_cut_in_the_order_of_their_sha256():
    names = [f"im{n}" for n in range(1, 31)]
    ordered = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    splits = by_name(names, (20, 5, 5))
    assert [splits[name] for name in ordered] == ["train"] * 20 + ["validation"] * 5 + ["test"] * 5


def test_a_tenth_of_train_becomes_validation_and_a_thousand_at_most():
    for photos, held_out in ((9, 0), (200, 20), (20_000, 1_000)):
        splits = with_validation({str(number): f"{number:064x}" for number in range(photos)})
        assert list(splits.values()).count("validation") == held_out
        assert list(splits.values()).count("train") == photos - held_out
    assert splits["19999"] == "validation", "the last by digest"
