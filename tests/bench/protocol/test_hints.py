"""Hints are drawn once per photo, and depend on no colour but their own."""

from itertools import pairwise

import numpy as np
import pytest

from huebench import UserError
from huebench.bench.protocol.hints import EDGES, HINTS
from huebench.bench.protocol.presets import presets
from huebench.bench.protocol.protocol import Protocol
from huebench.datasets.color.conversion import rgb_to_lab

COUNTS = (1, 2, 5, 10, 20)


@pytest.fixture(scope="module")
def planes():
    rng = np.random.default_rng(0)
    coarse = rng.uniform([20, -40, -40], [80, 40, 40], (8, 8, 3)).repeat(8, 0).repeat(8, 1)
    lab = (coarse + rng.normal(0, 1, (64, 64, 3))).astype(np.float32)
    return lab[..., 0], lab[..., 1:]


@pytest.fixture(params=HINTS)
def rule(request):
    return HINTS[request.param]


def test_fewer_hints_are_the_first_ones_of_more(rule, planes):
    drawn = [rule.draw("photo", *planes, count) for count in COUNTS]
    for fewer, more in pairwise(drawn):
        assert (more.mask | ~fewer.mask).all()
        assert more.mask.sum() > fewer.mask.sum()
        np.testing.assert_array_equal(more.ab[fewer.mask], fewer.ab[fewer.mask])


def test_a_hint_is_the_mean_colour_of_its_square_and_nothing_else(rule, planes):
    lightness, chroma = planes
    found = rule.draw("photo", lightness, chroma, 1)
    rows, columns = np.nonzero(found.mask)
    assert found.mask.sum() == rule.side**2
    assert rows.max() - rows.min() == columns.max() - columns.min() == rule.side - 1
    np.testing.assert_allclose(
        found.ab[found.mask], np.broadcast_to(chroma[found.mask].mean(0), (rule.side**2, 2)), rtol=1e-5
    )
    assert not found.ab[~found.mask].any()


def test_colours_outside_the_hints_change_neither_places_nor_colours(rule, planes):
    lightness, chroma = planes
    found = rule.draw("photo", lightness, chroma, 20)
    swapped = np.where(found.mask[..., None], chroma, -chroma[..., ::-1])
    again = rule.draw("photo", lightness, swapped, 20)
    np.testing.assert_array_equal(again.mask, found.mask)
    np.testing.assert_array_equal(again.ab, found.ab)


def test_places_depend_on_the_photo(rule, planes):
    masks = [rule.draw(name, *planes, 5).mask for name in ("one", "one", "other")]
    assert (masks[0] == masks[1]).all()
    assert (masks[0] != masks[2]).any()


def test_ours_leaves_the_squares_with_edges_for_last(planes):
    rule, (lightness, chroma) = HINTS["huebench"], planes
    squares = (64 // rule.side) ** 2
    most = squares - squares // EDGES
    ranges = np.array(
        [[np.ptp(lightness[y : y + 3, x : x + 3]) for x in range(0, 62, 3)] for y in range(0, 62, 3)]
    )
    mask = rule.draw("photo", lightness, chroma, most).mask[:63, :63].reshape(21, 3, 21, 3).all(axis=(1, 3))
    assert mask.sum() == most
    assert ranges[mask].max() <= ranges[~mask].min()
    assert rule.draw("photo", lightness, chroma, squares).mask.sum() == 63 * 63


@pytest.mark.parametrize("name", ["huebench", "icolorit"])
def test_a_grid_has_room_for_so_many_hints(name):
    side = HINTS[name].side
    HINTS[name].check((0, (64 // side) ** 2), 64)
    with pytest.raises(
        UserError, match=rf"--hints 9999: a photo of 64×64 pixels .* hints of {side}×{side} pixels"
    ):
        HINTS[name].check((0, 9999), 64)
    HINTS["ideepcolor"].check((9999,), 64)


def test_uniform_rules_reach_everywhere_and_ideepcolor_prefers_the_middle():
    flat, chroma = np.full((64, 64), 50, np.float32), np.zeros((64, 64, 2), np.float32)
    share = {}
    for name, rule in HINTS.items():
        masks = [rule.draw(str(photo), flat, chroma, 4).mask for photo in range(200)]
        places = np.mean(masks, axis=0)
        share[name] = places[16:48, 16:48].sum() / places.sum()
        assert places[:8].any()
        assert places[:, -8:].any()
    assert share["huebench"] == pytest.approx(0.25, abs=0.05)
    assert share["icolorit"] == pytest.approx(0.25, abs=0.05)
    # Within one deviation of the middle along both axes: 0.683².
    assert share["ideepcolor"] == pytest.approx(0.683**2, abs=0.06)


def test_the_protocol_draws_for_every_photo_by_its_id():
    protocol = Protocol(size=32, hints="icolorit")
    photos = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    lightness, chroma = rgb_to_lab(photos)
    both = protocol.hint(["a", "b"], lightness, chroma, 3)
    alone = protocol.hint(["b"], lightness[1:], chroma[1:], 3)
    np.testing.assert_array_equal(both[1].mask, alone[0].mask)
    assert (both[0].mask != both[1].mask).any()
    assert both.ab.dtype == np.float32
    assert both.mask.dtype == bool


def test_hints_are_part_of_the_digest_only_where_they_are_given():
    assert "hints" not in Protocol().facts()
    digests = {Protocol(hints=name).digest for name in ("none", *HINTS)}
    assert len(digests) == 1 + len(HINTS)
    assert Protocol(hints="icolorit").facts()["hints"] == HINTS["icolorit"].text
    # Methods without hints see the same pixels.
    assert Protocol(hints="icolorit").preparation == Protocol().preparation


def test_an_unknown_way_to_draw_is_refused():
    with pytest.raises(UserError, match="hints 'often' must be one of none, huebench, ideepcolor, icolorit"):
        Protocol(hints="often")


@pytest.mark.parametrize("name", ["huebench", "ideepcolor", "icolorit"])
def test_presets_draw_their_own_way(name):
    assert presets.get(name).hints == name
    assert presets.get("ct2").hints == "huebench"
