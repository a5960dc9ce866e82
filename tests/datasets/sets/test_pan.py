"""Clips made from still photos: their motion is exact, and they follow the photos' splits."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from huebench import UserError
from huebench.datasets.base import fingerprint
from huebench.datasets.sets import pan
from huebench.datasets.spec import open_dataset


@pytest.fixture(scope="module")
def clips():
    return open_dataset("pan:samples")


def frames_of(dataset, split="test"):
    made = {}
    for entry in dataset.split(split):
        made.setdefault(entry.clip, []).append(entry)
    return list(made.values())


def warped(picture, flow):
    rows, columns = np.mgrid[: pan.SIDE, : pan.SIDE]
    places = [rows + flow[..., 1], columns + flow[..., 0]]
    inside = (np.array(places) >= 0).all(0) & (np.array(places) <= pan.SIDE - 1).all(0)
    channels = [map_coordinates(picture[..., c].astype(float), places, order=1) for c in range(3)]
    return np.stack(channels, -1), inside


def test_a_frame_is_its_neighbour_moved_by_the_exact_flow(clips):
    errors = []
    for frames in frames_of(clips)[::3]:
        for one, other in zip(frames[:-1:4], frames[1::4], strict=False):
            moved, inside = warped(clips.load(other), clips.flow(one, other))
            difference = (clips.load(one) - moved)[inside] / 255
            errors.append(np.square(difference).sum(-1).mean())
    assert np.mean(errors) < 1e-4


def test_the_flow_back_undoes_the_flow(clips):
    one, other = frames_of(clips)[0][3:5]
    forward, backward = clips.flow(one, other), clips.flow(other, one)
    rows, columns = np.mgrid[: pan.SIDE, : pan.SIDE]
    places = [rows + forward[..., 1], columns + forward[..., 0]]
    back = np.stack([map_coordinates(backward[..., c], places, order=1, mode="nearest") for c in (0, 1)], -1)
    middle = np.s_[16:-16, 16:-16]
    assert np.abs(forward).max() > 0.5
    np.testing.assert_allclose((forward + back)[middle], 0, atol=1e-3)


def test_clips_follow_the_splits_of_the_photos(clips):
    photos = {entry.id: entry.split for entry in open_dataset("samples").entries()}
    assert all(photos[entry.clip] == entry.split for entry in clips.entries())
    assert len(frames_of(clips)) >= 10
    assert {len(frames) for frames in frames_of(clips)} == {pan.FRAMES}


@pytest.mark.parametrize(("width", "height"), [(128, 128), (300, 128), (128, 517)])
def test_the_camera_never_leaves_the_photo(width, height):
    corners = np.array([[0, 0], [0, pan.SIDE], [pan.SIDE, 0], [pan.SIDE, pan.SIDE]], float)
    for clip in map(str, range(40)):
        for frame in range(pan.FRAMES):
            seen = pan.camera(clip, frame, width, height).to_photo(corners)
            assert (seen >= 0).all()
            assert (seen <= [width, height]).all()


def test_frames_are_the_same_each_time_and_the_fingerprint_knows_the_clip(clips):
    entry = frames_of(clips)[1][5]
    again = open_dataset("pan:samples")
    np.testing.assert_array_equal(again.load(entry), clips.load(entry))
    moved = [type(e)(e.id, e.split, e.category, e.licence, e.sha256, "other", e.frame) for e in [entry]]
    assert fingerprint([entry]) != fingerprint(moved)


def test_a_dataset_must_be_named():
    with pytest.raises(UserError, match="write pan:samples"):
        open_dataset("pan")
    with pytest.raises(UserError, match="needs still photos"):
        open_dataset("pan:pan:samples")
    with pytest.raises(UserError, match="unknown dataset 'nothing'"):
        open_dataset("pan:nothing")
