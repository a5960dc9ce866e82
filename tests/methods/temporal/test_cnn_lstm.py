"""The CNN–LSTM: its parts, its memory, and its training on clips."""

import numpy as np
import pytest
import torch

from huebench.datasets.base import Dataset, DatasetInfo, Entry
from huebench.datasets.photos import PhotoSet
from huebench.methods.base import Context
from huebench.methods.temporal.cnn_lstm import CnnLstm
from huebench.methods.temporal.cnn_lstm.network import LAYERS, CnnLstmNetwork, ConvolutionalLstm, Remembering
from huebench.methods.temporal.cnn_lstm.training import ClipBatches, clips_of, unsteadiness


class Clips(Dataset):
    """Crops that move over photos, a clip each."""

    info = DatasetInfo("moving", "crops", "a test", "none", "all train", clips=True)

    def __init__(self, photos, frames):
        super().__init__()
        self.photos, self.frames = photos, frames

    def entries(self):
        pairs = [(clip, frame) for clip in range(len(self.photos)) for frame in range(self.frames)]
        return [Entry(f"{c}/{f}", "train", "", "", f"{c}/{f}", str(c), f) for c, f in pairs]

    def read(self, entry):
        start = 4 * entry.frame
        return np.ascontiguousarray(self.photos[int(entry.clip)][start : start + 64, start : start + 64])


@pytest.fixture
def moving(crops, tmp_path):
    def make(count, frames=6):
        dataset = Clips(crops[:count], frames)
        return PhotoSet(dataset, dataset.entries(), lambda rgb: rgb, "as they are", tmp_path / "packed")

    return make


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = CnnLstmNetwork().eval()
    # As after training: colours not near grey, and a memory that counts.
    for layer in (made.decoder[-3], made.recall):
        torch.nn.init.normal_(layer.weight, std=0.1)
    return made


def lightness(count, seed=0):
    return torch.from_numpy(
        np.random.default_rng(seed).uniform(0, 100, (count, 1, 32, 32)).astype(np.float32)
    )


def test_five_convolutions_each_with_a_merge_and_batch_norm(network):
    kinds = [type(each).__name__ for layer in network.encoder for each in layer.children()]
    assert len(LAYERS) == 5
    assert kinds.count("BatchNorm2d") == 5
    assert kinds.count("Conv2d") == 10  # a convolution and a merge per layer


def test_the_lstm_is_left_out_for_a_single_picture(network):
    planes = lightness(3)
    single = network(planes)
    first, _ = network.unroll(planes, 3, None)
    np.testing.assert_allclose(first.detach(), single.detach(), atol=1e-6)


def test_an_untrained_memory_disturbs_nothing():
    made, planes = CnnLstmNetwork().eval(), lightness(3)
    with torch.no_grad():
        np.testing.assert_allclose(made.unroll(planes, 1, None)[0], made(planes), atol=1e-6)


def test_memory_changes_later_frames(network):
    planes = lightness(4)
    with torch.no_grad():
        together, _ = network.unroll(planes, 1, None)
        single = network(planes)
    assert (together[0] - single[0]).abs().max() < 1e-6
    assert (together[1:, :2] - single[1:, :2]).abs().max() > 1e-4


def test_frames_one_by_one_are_as_frames_together(network):
    planes = lightness(4)
    remembering = Remembering(network)
    with torch.no_grad():
        together, _ = network.unroll(planes, 1, None)
        ones = torch.cat([remembering(planes[i : i + 1]) for i in range(4)])
        filled = Remembering(network)(torch.cat([planes[:1], torch.zeros(2, 1, 32, 32)]))
    np.testing.assert_allclose(ones, together, atol=1e-5)
    np.testing.assert_allclose(filled[0], together[0], atol=1e-5)
    assert not filled[1:].any()


def test_the_lstm_equals_torchs_on_one_pixel():
    torch.manual_seed(0)
    ours, theirs = ConvolutionalLstm(4), torch.nn.LSTMCell(4, 4)
    weights = ours.gates.weight[:, :, 1, 1].detach()  # a 1×1 picture sees the kernel's middle only
    let_in, forget, let_out, new = weights.chunk(4)
    ordered = torch.cat([let_in, forget, new, let_out])
    with torch.no_grad():
        theirs.weight_ih.copy_(ordered[:, :4])
        theirs.weight_hh.copy_(ordered[:, 4:])
        theirs.bias_ih.zero_()
        theirs.bias_hh.zero_()
        theirs.bias_hh[4:8] = 1  # the forget gate starts open
        state, wanted = None, (torch.zeros(2, 4), torch.zeros(2, 4))
        for frame in torch.randn(3, 2, 4):
            state, wanted = ours(frame[:, :, None, None], state), theirs(frame, wanted)
    np.testing.assert_allclose(state[0][:, :, 0, 0], wanted[0], atol=1e-6)


def test_batches_are_pieces_of_clips_in_order():
    packed = np.arange(18, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    clips = [np.arange(0, 7), np.arange(7, 12), np.arange(12, 18)]
    batches = ClipBatches(packed, clips, 4, 2, torch.device("cpu"), flip=False)
    places = []
    for planes, _ in batches.shuffled(3):
        piece = batches.piece
        places.append((piece.begins, piece.clips, len(planes)))
        levels = planes.mean(dim=(1, 2, 3)).reshape(piece.clips, -1)
        assert (levels.diff(dim=1) > 0).all()  # within a clip, later frames are lighter
    assert sum(begins for begins, _, _ in places) == 2  # two clips together, then one
    assert {clips for _, clips, _ in places} == {1, 2}


def test_unsteadiness_is_the_error_of_changes_only():
    rng = np.random.default_rng(0)
    ab = torch.from_numpy(rng.uniform(-50, 50, (6, 2, 4, 4)).astype(np.float32))
    offset = torch.from_numpy(rng.uniform(-9, 9, (1, 2, 4, 4)).astype(np.float32))
    assert unsteadiness((ab + offset) / 110, ab, 2) == pytest.approx(0, abs=1e-12)
    shaken = ab.clone()
    shaken[1] += 11  # one frame of three, in one clip of two: two of four changes err by 0.1 in a and b
    assert float(unsteadiness(shaken / 110, ab, 2)) == pytest.approx(0.02 / 2, rel=1e-4)
    assert unsteadiness(ab / 110, ab, 6) == 0


def test_frames_that_cannot_be_decoded_do_not_shift_the_clips(moving):
    photos = moving(2, frames=3)
    photos.failures["0/1"] = "broken"
    found = clips_of(photos, np.array([0, 1, 2, 4]))
    assert [clip.tolist() for clip in found] == [[0, 1], [2, 4]]


def test_training_with_or_without_memory_is_the_same(moving, tmp_path):
    answers = []
    planes = np.random.default_rng(1).uniform(0, 100, (3, 64, 64)).astype(np.float32)
    for memory in (True, False):
        method = CnnLstm(memory=memory, size=32, epochs=1)
        method.fit(moving(3), moving(1), Context(budget="smoke"))
        method.start()
        answers.append(method.colorize(planes, Context()))
    np.testing.assert_array_equal(answers[0][0], answers[1][0])  # the first frame has no memory yet
    assert np.abs(answers[0][1:] - answers[1][1:]).max() > 0
    assert method.notes["clips"] == "3, of 6 frames at most, in pieces of 4"


@pytest.mark.slow
def test_it_learns_clips_by_heart(moving):
    method = CnnLstm(size=32, epochs=200, batch=16, steadiness=1, flip=False)
    method.fit(moving(4), moving(0), Context())
    photos = moving(4)
    from huebench.datasets.color.conversion import rgb_to_lab

    lab = rgb_to_lab(np.stack([photo.rgb for photo in photos]))
    answers = []
    for clip in range(4):
        method.start()
        answers.append(method.colorize(lab[0][6 * clip : 6 * clip + 6], Context()))
    squared = np.square(np.concatenate(answers) - lab[1]).mean()
    constant = np.square(lab[1] - lab[1].mean((0, 1, 2))).mean()
    assert 10 * np.log10(constant / squared) > 3
