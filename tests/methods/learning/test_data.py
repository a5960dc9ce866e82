"""Batches hand out every photo once, in an order that depends on the seed alone."""

import numpy as np
import pytest
import torch
from PIL import Image

from huebench.datasets.color.torch import rgb_to_lab
from huebench.methods.learning.data import LabBatches, colourful, random_boxes

CPU = torch.device("cpu")


def _photos(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 4, 6, 3), dtype=np.uint8)


def _gather(batches) -> tuple[torch.Tensor, torch.Tensor]:
    lightness, ab = zip(*batches, strict=True)
    return torch.cat(lightness), torch.cat(ab)


def _same(photos: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return which photo equals which other one, up to rounding: bool (N, M)."""
    return (photos[:, None] - others[None]).abs().amax(dim=(2, 3, 4)) < 1e-3


def test_in_order_is_every_photo_as_it_is():
    photos = _photos(7)
    batches = LabBatches(photos, 3, CPU)
    assert len(batches) == 3
    lightness, ab = _gather(batches.in_order())
    expected_lightness, expected_ab = rgb_to_lab(torch.from_numpy(photos))
    torch.testing.assert_close(lightness, expected_lightness)
    torch.testing.assert_close(ab, expected_ab, atol=1e-4, rtol=0)


def test_shuffled_is_every_photo_once_mirrored_or_not():
    photos = _photos(40)
    lightness, _ = _gather(LabBatches(photos, 16, CPU).shuffled(seed=3))
    plain, _ = rgb_to_lab(torch.from_numpy(photos))
    straight = _same(lightness, plain)
    mirrored = _same(lightness, plain.flip(3))
    order = (straight | mirrored).int().argmax(1).tolist()
    assert (straight ^ mirrored).sum(1).tolist() == [1] * 40
    assert sorted(order) == list(range(40))
    assert order != list(range(40))
    assert 8 < mirrored.sum() < 32


def test_shuffled_depends_on_the_seed_alone():
    batches = LabBatches(_photos(10), 4, CPU)
    first, again, other = (_gather(batches.shuffled(seed))[0] for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_without_flip_no_photo_is_mirrored():
    photos = _photos(20)
    lightness, _ = _gather(LabBatches(photos, 8, CPU, flip=False).shuffled(seed=0))
    plain, _ = rgb_to_lab(torch.from_numpy(photos))
    same = _same(lightness, plain)
    assert same.sum(1).tolist() == [1] * 20


@pytest.mark.parametrize(("photos", "batch", "batches"), [(3, 40, 1), (40, 40, 1), (41, 40, 2)])
def test_a_batch_may_be_larger_than_the_set(photos, batch, batches):
    assert len(list(LabBatches(_photos(photos), batch, CPU).in_order())) == batches


def test_no_batch_is_left_with_a_single_photo():
    batches = LabBatches(_photos(41), 10, CPU)
    assert [len(ab) for _, ab in batches.shuffled(0)] == [9, 8, 8, 8, 8]
    assert len(batches) == 5


def test_a_memory_map_is_read_without_writing_to_it(tmp_path):
    np.save(tmp_path / "photos.npy", _photos(5))
    packed = np.load(tmp_path / "photos.npy", mmap_mode="r")
    lightness, _ = _gather(LabBatches(packed, 2, CPU).in_order())
    torch.testing.assert_close(lightness, rgb_to_lab(torch.from_numpy(_photos(5)))[0])


def test_a_short_epoch_draws_other_photos_each_time():
    photos = _photos(30)
    batches = LabBatches(photos, 4, CPU, flip=False).shorter(6)
    assert len(batches) == 2
    plain, _ = rgb_to_lab(torch.from_numpy(photos))
    drawn = [_same(_gather(batches.shuffled(seed))[0], plain).int().argmax(1).tolist() for seed in range(3)]
    assert [len(set(photos)) for photos in drawn] == [6, 6, 6]
    assert len({tuple(photos) for photos in drawn}) == 3


def test_a_shorter_epoch_leaves_the_longer_as_it_is():
    whole = LabBatches(_photos(30), 4, CPU)
    expected, _ = _gather(whole.shuffled(seed=1))
    assert whole.shorter(6).epoch == 6
    assert whole.shorter(60).epoch == 30
    assert torch.equal(_gather(whole.shuffled(seed=1))[0], expected)


def test_the_first_photos_are_one_batch():
    lightness, ab = LabBatches(_photos(9), 4, CPU).first(3)
    expected = rgb_to_lab(torch.from_numpy(_photos(9)[:3]))
    assert torch.equal(lightness, expected[0])
    assert torch.equal(ab, expected[1])


def test_only_the_chosen_photos_are_handed_out():
    photos = _photos(20)
    chosen = np.array([1, 4, 5, 11, 19])
    batches = LabBatches(photos, 2, CPU, flip=False, chosen=chosen)
    expected, _ = rgb_to_lab(torch.from_numpy(photos[chosen]))
    assert (batches.photos, len(batches)) == (5, 3)
    torch.testing.assert_close(_gather(batches.in_order())[0], expected)
    torch.testing.assert_close(batches.first(2)[0], expected[:2])
    drawn = _same(_gather(batches.shuffled(0))[0], expected).int().argmax(1).tolist()
    assert sorted(drawn) == list(range(5))


def test_colourful_leaves_out_near_grey_photos():
    photos = np.full((4, 8, 8, 3), 128, np.uint8)
    photos[1, 0, 0] = (128, 128, 150)  # one colourful pixel is enough
    photos[2] += np.arange(8, dtype=np.uint8)[:, None, None]
    photos[3, :, :, 0] = 200
    assert colourful(photos).tolist() == [1, 3]


def test_crops_are_of_the_side_asked_for_and_depend_on_the_seed_alone():
    photos = np.random.default_rng(1).integers(0, 256, (10, 32, 32, 3), dtype=np.uint8)
    batches = LabBatches(photos, 4, CPU, crop=0.3, side=16)
    assert batches.side == 16
    first, again, other = (_gather(batches.shuffled(seed)) for seed in (0, 0, 1))
    assert first[0].shape == (10, 1, 16, 16)
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def test_a_crop_of_the_whole_photo_is_pillows_resize():
    photos = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    batches = LabBatches(photos, 3, CPU, crop=0.5, side=16)
    whole = batches._cropped(torch.from_numpy(photos), torch.tensor([[0.0, 0.0, 1.0, 1.0]] * 3))
    expected = [Image.fromarray(photo).resize((16, 16), Image.Resampling.BILINEAR) for photo in photos]
    assert np.abs(whole.numpy().astype(int) - np.array(expected)).max() <= 1
    part = batches._cropped(torch.from_numpy(photos), torch.tensor([[0.25, 0.5, 0.5, 0.5]] * 3))
    assert np.array_equal(part, photos[:, 8:24, 16:32])


def test_boxes_lie_within_the_photo_and_have_the_area_asked_for():
    top, left, height, width = random_boxes(2000, 0.4, torch.Generator().manual_seed(0)).T
    assert min(top.min(), left.min()) >= 0
    assert max((top + height).max(), (left + width).max()) <= 1 + 1e-6
    uncut = (height < 1) & (width < 1)
    assert 0.4 <= (height * width)[uncut].min() < 0.42
    ratio = (width / height)[uncut]
    assert 3 / 4 - 1e-4 <= ratio.min() < 0.78
    assert 1.28 < ratio.max() <= 4 / 3 + 1e-4


@pytest.fixture
def resident(monkeypatch) -> LabBatches:
    """Return batches of a set that is held whole, as on a GPU."""
    monkeypatch.setattr(LabBatches, "_to_device", lambda self: torch.from_numpy(self._packed.copy()))
    return LabBatches(_photos(30), 4, CPU)


def test_a_resident_set_gives_the_same_batches(resident, monkeypatch):
    monkeypatch.undo()
    mapped = LabBatches(_photos(30), 4, CPU)
    for ours, theirs in ((resident, mapped), (resident.shorter(9), mapped.shorter(9))):
        assert torch.equal(_gather(ours.shuffled(2))[0], _gather(theirs.shuffled(2))[0])
        assert torch.equal(_gather(ours.in_order())[1], _gather(theirs.in_order())[1])
    assert resident.shorter(9)._resident is resident._resident


def test_order_and_flips_are_sent_once_an_epoch(resident, monkeypatch):
    sent, send = [], torch.Tensor.to

    def count(tensor, *where):
        sent.append(where)
        return send(tensor, *where)

    rgb_to_lab(torch.from_numpy(_photos(1)))  # its tables are made
    monkeypatch.setattr(torch.Tensor, "to", count)
    assert len(list(resident.shuffled(seed=0))) == 8
    assert len(sent) == 2
