"""Each line of a contract does what it says; a wrong one is an error that names the line."""

import numpy as np
import pytest
import torch
from torch import nn

from huebench import UserError
from huebench.datasets.color.conversion import lab_to_rgb, rgb_to_lab
from huebench.methods.base import Context
from huebench.methods.contract import Contract, read_bins, read_contract, write_contract
from huebench.methods.from_file.external import External


def method_of(folder, network, example, contract, dynamic=None):
    """Return the method for a network that torch.export has written, with a contract beside it."""
    program = torch.export.export(network.eval(), example, dynamic_shapes=dynamic)
    torch.export.save(program, folder / "net.pt2")
    (folder / "contract.toml").write_text(contract)
    return External(file=folder / "net.pt2")


class Record(nn.Module):
    """Gives two of the input's channels as a*b*, so that a test sees what went in."""

    def __init__(self, channels=(0, 0), axis=1):
        super().__init__()
        self.channels, self.axis = list(channels), axis

    def forward(self, photo):
        return torch.cat([photo.narrow(self.axis, i, 1) for i in self.channels], self.axis)


def flat(level, shape=(8, 8)):
    return np.full((1, *shape), level, np.float32)


@pytest.mark.parametrize(
    "normalize", ['"imagenet"', "{ mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225] }"]
)
def test_mean_and_deviation_are_subtracted_and_divided_by(tmp_path, normalize):
    text = f'[input]\nchannels = "LLL"\nrange = "0..1"\nsize = 8\nnormalize = {normalize}\n'
    method = method_of(tmp_path, Record((0, 2)), (torch.ones(1, 3, 8, 8),), text)
    expected = [(0.7 - 0.485) / 0.229, (0.7 - 0.406) / 0.225]
    np.testing.assert_allclose(method.colorize(flat(70), Context())[0, 3, 4], expected, rtol=1e-5)


def test_channels_come_last_where_the_contract_says_so(tmp_path):
    text = '[input]\nsize = 8\nlayout = "NHWC"\n[output]\nlayout = "NHWC"\n'
    method = method_of(tmp_path, Record(axis=3), (torch.ones(1, 8, 8, 1),), text)
    lightness = np.random.default_rng(0).uniform(0, 100, (2, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(method.colorize(lightness, Context())[..., 1], lightness, rtol=1e-5)


class Shape(nn.Module):
    """Gives the height and the width of what it sees."""

    def forward(self, photo):
        ones = torch.ones_like(photo)
        return torch.cat((ones * photo.shape[2], ones * photo.shape[3]), 1)


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        ("size = 32", (32, 32)),
        ("size = [24, 40]", (24, 40)),
        ('size = [24, 40]\nfit = "pad"', (24, 40)),
        ('size = "photo"', (10, 20)),
        ('size = "photo"\nmultiple = 16', (16, 32)),
    ],
)
def test_the_network_sees_the_size_of_the_contract(tmp_path, lines, seen):
    sides = {2: torch.export.Dim("height", min=2), 3: torch.export.Dim("width", min=2)}
    method = method_of(
        tmp_path, Shape(), (torch.ones(1, 1, 6, 7),), f"[input]\n{lines}\n", dynamic={"photo": sides}
    )
    ab = method.colorize(flat(50, (10, 20)), Context())
    np.testing.assert_allclose(ab, np.broadcast_to(np.float32(seen), ab.shape))


@pytest.mark.parametrize("shape", [(8, 16), (16, 8), (3, 8), (16, 16)])
def test_padding_keeps_the_aspect_and_is_taken_off_again(tmp_path, shape):
    method = method_of(
        tmp_path,
        Record(),
        (torch.ones(1, 1, 16, 16),),
        '[input]\nsize = 16\nfit = "pad"\nresize = "nearest"\n',
    )
    ramp = np.linspace(0, 100, shape[1], dtype=np.float32) * np.ones((1, *shape), np.float32)
    answer = method.colorize(ramp, Context())[..., 0]
    assert np.abs(answer - ramp).max() <= 100 / shape[1]
    assert answer[0, 0, 0] < 1 + 50 / shape[1]


@pytest.mark.parametrize("logits", [True, False])
def test_a_distribution_over_bins_becomes_its_annealed_mean(tmp_path, logits):
    class Distribution(nn.Module):
        def forward(self, photo):
            shares = photo.new_tensor([0.2, 0.3, 0.5]).reshape(1, 3, 1, 1).expand(1, 3, 8, 8)
            return (shares.log() + 4 if logits else shares) + 0 * photo

    bins = np.array([[0, 0], [40, 10], [-20, 60]])
    np.save(tmp_path / "bins.npy", bins)
    text = f'[input]\nsize = 8\n[output]\nkind = "bins"\nbins = "bins.npy"\nlogits = {str(logits).lower()}\n'
    method = method_of(tmp_path, Distribution(), (torch.ones(1, 1, 8, 8),), text + "temperature = 0.5\n")
    weights = np.array([0.2, 0.3, 0.5]) ** 2
    expected = weights @ bins / weights.sum()
    np.testing.assert_allclose(method.colorize(flat(30), Context())[0, 2, 2], expected, rtol=1e-5)
    assert tmp_path / "bins.npy" in method.files


def test_mean_and_deviation_are_undone_in_an_rgb_output(tmp_path):
    text = (
        '[input]\nchannels = "RGB"\nrange = "0..1"\nnormalize = "imagenet"\nsize = 8\n'
        '[output]\nkind = "RGB"\nnormalize = "imagenet"\n'
    )
    method = method_of(tmp_path, nn.Identity(), (torch.ones(1, 3, 8, 8),), text)
    np.testing.assert_allclose(method.colorize(flat(42), Context()), 0, atol=1e-4)


class Extras(nn.Module):
    """Gives one pixel of its mask, and its noise."""

    def forward(self, grey, mask, noise):
        return torch.cat((mask + 0 * grey, 10 * noise), 1)


EXTRAS = """
[input]
name = "grey"
size = 8

[extra.mask]
shape = [1, 1, "height", "width"]
fill = 7

[extra.noise]
shape = [1, 1, 8, 8]
fill = "noise"
"""


def test_further_inputs_are_filled_and_noise_depends_on_seed_and_photo_only(tmp_path):
    example = tuple(torch.ones(1, 1, 8, 8) for _ in range(3))  # one tensor would be taken for one input
    method = method_of(tmp_path, Extras(), example, EXTRAS)
    both = np.concatenate((flat(30), flat(60)))
    ab = method.colorize(both, Context())
    np.testing.assert_array_equal(ab[..., 0], 7)
    assert 5 < ab[0, ..., 1].std() < 15
    assert not np.allclose(ab[0, ..., 1], ab[1, ..., 1])
    np.testing.assert_array_equal(method.colorize(both[1:], Context())[0], ab[1])
    assert not np.allclose(method.colorize(both, Context(seed=1)), ab)


def test_an_extra_that_the_network_does_not_take_is_an_error(tmp_path):
    example = tuple(torch.ones(1, 1, 8, 8) for _ in range(3))  # one tensor would be taken for one input
    method = method_of(tmp_path, Extras(), example, EXTRAS.replace("extra.mask", "extra.hints"))
    with pytest.raises(UserError, match=r"takes 3 inputs \(grey, mask, noise\), and .* declares grey, hints"):
        method.colorize(flat(30), Context())


def test_an_extra_of_another_shape_is_not_blamed_on_the_photo(tmp_path):
    example = tuple(torch.ones(1, 1, 8, 8) for _ in range(3))
    text = EXTRAS.replace("shape = [1, 1, 8, 8]", "shape = [1, 3, 8, 8]")
    method = method_of(tmp_path, Extras(), example, text)
    with pytest.raises(UserError, match=r"rejects inputs of shapes .*noise \(1, 3, 8, 8\).*\[extra\.NAME\]"):
        method.colorize(flat(30), Context())


def test_the_contract_is_among_the_files_and_in_the_notes(tmp_path):
    method = method_of(tmp_path, Record(), (torch.ones(1, 1, 8, 8),), "[input]\nsize = 8\n")
    assert method.files == (tmp_path / "net.pt2", tmp_path / "contract.toml")
    assert method.notes["contract"] == "contract.toml"
    other = tmp_path / "other.toml"
    other.write_text("[input]\nsize = 16\n")
    assert External(file=tmp_path / "net.pt2", contract=other).files == (tmp_path / "net.pt2", other)


def test_another_size_replaces_that_of_the_contract(tmp_path):
    method = method_of(tmp_path, Record(), (torch.ones(1, 1, 8, 8),), "[input]\nsize = 16\n")
    assert method.network_size == 16
    method.network_size = 8
    assert method.network_size == 8
    assert method.colorize(flat(30), Context()).shape == (1, 8, 8, 2)


def test_grey_is_that_of_the_lightness(tmp_path):
    text = '[input]\nchannels = "RGB"\nrange = "0..255"\nsize = 8\n[output]\nfactor = 0.1\n'
    method = method_of(tmp_path, Record((0, 1)), (torch.ones(1, 3, 8, 8),), text)
    grey = 10 * method.colorize(flat(63), Context())[0, 0, 0]
    rgb = lab_to_rgb(flat(63), np.zeros((1, 8, 8, 2), np.float32))[0, 0, 0]
    np.testing.assert_allclose(grey, rgb[:2], atol=0.51)
    assert abs(rgb_to_lab(np.rint(np.repeat(grey[:1], 3)).astype(np.uint8))[0] - 63) < 0.3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[input", "is not TOML"),
        (
            "[input]\nsizes = 8\n",
            r"input\.sizes: unknown \(input takes normalize, name, channels, .*layout\)",
        ),
        ("[inputs]\nsize = 8\n", r"inputs: unknown \(a contract takes input, output, extra\)"),
        ("[extra.mask]\nshape = [1]\nfil = 0\n", r"extra\.mask\.fil: unknown \(extra takes shape, fill\)"),
        ('[input]\nchannels = "BGR"\n', r"input\.channels: must be 'L', 'LLL' or 'RGB'"),
        ('[input]\nnormalize = "imagenet"\n', "normalize must state one value for channels = L"),
        ("[input]\nmultiple = 8\n", 'multiple goes with size = "photo" only'),
        ('[output]\nkind = "bins"\n', 'kind = "bins" goes with bins = "FILE.npy"'),
        ('[output]\nnormalize = "imagenet"\n', 'normalize goes with kind = "RGB"'),
        ("[extra.mask]\nfill = 0\n", r"extra\.mask\.shape: missing"),
        ('[input]\nsize = "big"\n', r'input\.size: must be a side, \[height, width\], or "photo"; [a-z 1]+$'),
        ('[input]\nresize = "area"\n', r"input\.resize: must be 'triangle', .* or 'pillow-bicubic'$"),
        ('[input]\nnormalize = "imagnet"\n', r'input\.normalize: must be "none", "imagenet", or \{'),
        ("[input]\nnormalize = { mean = [1] }\n", r"input\.normalize\.std: missing$"),
        (
            "[output]\nnormalize = { mean = [1], std = [1], sd = 1 }\n",
            r"output\.normalize\.sd: unknown \(normalize takes mean, std\)$",
        ),
        ("[input]\nnormalize = { mean = [], std = [1] }\n", r"mean: too few values \(at least 1\)$"),
        ("[extra.mask]\nshape = [1, 0]\n", r'shape\.1: must be a whole number from 1, "height" or "width"$'),
        ('[extra.mask]\nshape = [1]\nfill = "ones"\n', r'fill: must be a number or "noise"$'),
        ('input = "photo"\n', r"input: must be a table of named values$"),
        ("[output]\nlogits = 3\n", r"output\.logits: must be true or false$"),
        ("[output]\nfactor = inf\n", r"output\.factor: must be a finite number"),
        ('[input]\nchannels = "RGB"\nnormalize = { mean = [nan], std = [1] }\n', "must be a finite number"),
    ],
)
def test_a_wrong_contract_is_an_error_that_names_the_line(tmp_path, text, message):
    (tmp_path / "contract.toml").write_text(text)
    with pytest.raises(UserError, match=message) as raised:
        read_contract(tmp_path / "contract.toml")
    assert "contract.toml" in str(raised.value)


def test_a_wrong_contract_is_why_the_method_cannot_run(tmp_path):
    method = method_of(tmp_path, Record(), (torch.ones(1, 1, 8, 8),), "[input]\nsize = 0\n")
    assert "contract.toml': input.size" in method.missing()
    absent = External(file=tmp_path / "net.pt2", contract=tmp_path / "absent.toml")
    assert "absent.toml', which does not exist" in absent.missing()


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"PK\x03\x04"])
def test_broken_bins_are_an_error(tmp_path, content):
    text = '[input]\nsize = 8\n[output]\nkind = "bins"\nbins = "bins.npy"\n'
    method = method_of(tmp_path, Record(), (torch.ones(1, 1, 8, 8),), text)
    (tmp_path / "bins.npy").write_bytes(content)
    with pytest.raises(UserError, match=r"bins '.*bins\.npy' (cannot be read|must be)"):
        method.colorize(flat(30), Context())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_bins_without_a_place_are_an_error(tmp_path, value):
    np.save(tmp_path / "bins.npy", np.array([[0, 0], [40, value]]))
    with pytest.raises(UserError, match=r"bins '.*bins\.npy' must be finite numbers"):
        read_bins(tmp_path / "bins.npy")


def test_written_contract_reads_back_the_same(tmp_path):
    contract = Contract.model_validate(
        {
            "input": {"name": "photo", "channels": "RGB", "range": "-1..1", "size": [64, 96],
                      "normalize": {"mean": [0.5], "std": [0.25]}},
            "output": {"name": 'a "b"', "kind": "RGB", "normalize": "imagenet", "resize": "nearest"},
            "extra": {"noise": {"shape": [1, "height"], "fill": "noise"}, "a.b": {"shape": [2], "fill": 0.5}},
        }
    )  # fmt: skip
    write_contract(contract, tmp_path / "contract.toml")
    assert read_contract(tmp_path / "contract.toml") == contract
    write_contract(Contract(), tmp_path / "contract.toml")
    assert read_contract(tmp_path / "contract.toml") == Contract()


def test_filters_of_pillow_go_with_photos_only(tmp_path):
    (tmp_path / "contract.toml").write_text('[output]\nresize = "pillow-bilinear"\n')
    with pytest.raises(UserError, match='resize = "pillow-bilinear" goes with kind = "RGB"'):
        read_contract(tmp_path / "contract.toml")
