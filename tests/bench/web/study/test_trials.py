from collections import Counter

import pytest

from huebench import UserError
from huebench.bench.web.study.trials import draw_trials, find_pairs
from huebench.wording import counted


@pytest.fixture
def pairs(make_run):
    return find_pairs(make_run(photos=62, seeds=(0, 1)))


def test_pairs_are_the_kept_pictures_without_oracles_and_near_grey_photos(make_run):
    results = make_run(photos=5, seeds=(0, 1))
    pairs = find_pairs(results)
    assert {pair.method for pair in pairs} == {"gray", "knn", "net[epochs=2,width=3]"}
    assert {pair.photo for pair in pairs} == {"im2", "im3", "im4"}
    assert len(pairs) == 3 * 3 * 2
    for pair in pairs:
        assert (results.folder / pair.colorized).is_file()
        assert pair.real == f"pictures/truth/{pair.photo.removeprefix('im')}.png"


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ("knn", {"knn"}),
        ("net", {"net[epochs=2,width=3]"}),
        ("net[epochs=2,width=3], gray", {"net[epochs=2,width=3]", "gray"}),
        ("baseline", {"gray", "oracle"}),
    ],
)
def test_methods_are_chosen_by_label_name_and_family(make_run, methods, expected):
    assert {pair.method for pair in find_pairs(make_run(), methods)} == expected


def test_a_method_that_the_run_lacks_is_named_with_those_it_has(make_run):
    with pytest.raises(UserError, match=r"no 'pix2pix'; it has gray, knn, net\[epochs=2,width=3\], oracle"):
        find_pairs(make_run(), "gray,pix2pix")


@pytest.mark.parametrize(("kept", "photos"), [(False, 12), (True, 3), (True, 2)])
def test_too_few_kept_pictures_say_how_to_keep_them(make_run, kept, photos):
    usable = counted(photos - 2 if kept else 0, "photo")
    with pytest.raises(UserError, match=f"of {usable} .*--keep-predictions gallery"):
        find_pairs(make_run(photos=photos, kept=kept))


def test_a_participant_sees_no_photo_twice(pairs):
    trials = draw_trials(pairs, "somebody", 10, 40)
    assert len({trial.pair.photo for trial in trials}) == len(trials) == 50


def test_practice_comes_first_and_numbers_count_up(pairs):
    trials = draw_trials(pairs, "somebody", 10, 40)
    assert [trial.number for trial in trials] == list(range(1, 51))
    assert [trial.practice for trial in trials] == [True] * 10 + [False] * 40


def test_methods_sides_and_seeds_are_balanced(pairs):
    trials = [trial for trial in draw_trials(pairs, "somebody", 10, 40) if not trial.practice]
    assert Counter(trial.real_side for trial in trials) == {"left": 20, "right": 20}
    assert sorted(Counter(trial.pair.method for trial in trials).values()) == [13, 13, 14]
    assert min(Counter(trial.pair.cell[-1] for trial in trials).values()) > 10


def test_the_participant_seeds_the_order(pairs):
    assert draw_trials(pairs, "a", 10, 40) == draw_trials(pairs, "a", 10, 40)
    assert draw_trials(pairs, "a", 10, 40) != draw_trials(pairs, "b", 10, 40)


def test_no_order_or_side_is_preferred_over_many_participants(pairs):
    first = [draw_trials(pairs, str(number), 10, 40)[10] for number in range(400)]
    sides = Counter(trial.real_side for trial in first)
    methods = Counter(trial.pair.method for trial in first)
    assert 160 <= sides["left"] <= 240  # four standard deviations
    assert all(95 <= count <= 172 for count in methods.values())
    assert len({trial.pair.photo for trial in first}) == 60


@pytest.mark.parametrize(
    ("photos", "expected"), [(12, (2, 8)), (27, (5, 20)), (4, (1, 1)), (5, (1, 2)), (62, (10, 40))]
)
def test_few_photos_shrink_practice_and_trials_in_proportion(make_run, photos, expected):
    trials = draw_trials(find_pairs(make_run(photos=photos)), "somebody", 10, 40)
    practice = sum(trial.practice for trial in trials)
    assert (practice, len(trials) - practice) == expected
