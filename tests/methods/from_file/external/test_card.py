"""Files of others: the declared contract is kept, and a file that does not keep it is an error."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from huebench import UserError
from huebench.datasets.color.conversion import lab_to_rgb
from huebench.methods.base import Context
from huebench.methods.from_file.external import External
from huebench.methods.from_file.external.opening import Network
from huebench.methods.memory import OutOfMemoryError


class TwoChannels(nn.Module):
    """Predicts a* = 0.5·input − 0.25·input in the other: enough to see what went in."""

    def forward(self, photo: torch.Tensor) -> torch.Tensor:
        return torch.cat((0.5 * photo[:, :1], -0.25 * photo[:, :1]), dim=1)


class Tinted(nn.Module):
    """Answers with the neutral photo's red channel halved."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("tint", torch.tensor([0.5, 1.0, 1.0]).reshape(1, 3, 1, 1))

    def forward(self, photo: torch.Tensor) -> torch.Tensor:
        return photo * self.tint


class TwoChannelsAndMore(TwoChannels):
    """Answers with something beside the a*b*."""

    def forward(self, photo: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return super().forward(photo), photo


class Named(TwoChannels):
    """Answers with a dictionary."""

    def forward(self, photo: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"ab": super().forward(photo)}


def _contract(folder, text):
    (folder / "contract.toml").write_text(text)


def _torchscript(module: nn.Module, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # users' files are in this format all the same
        photo = torch.ones(1, 3 if isinstance(module, Tinted) else 1, 8, 8)
        torch.jit.trace(module, photo, strict=False).save(str(path))
    return path


def _onnx(path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    photo = onnx.helper.make_tensor_value_info("photo", onnx.TensorProto.FLOAT, [1, 1, 8, 8])
    ab = onnx.helper.make_tensor_value_info("ab", onnx.TensorProto.FLOAT, [1, 2, 8, 8])
    weights = onnx.numpy_helper.from_array(np.float32([0.5, -0.25]).reshape(2, 1, 1, 1), "weights")
    node = onnx.helper.make_node("Conv", ["photo", "weights"], ["ab"])
    graph = onnx.helper.make_graph([node], "two channels", [photo], [ab], [weights])
    opset = [onnx.helper.make_opsetid("", 13)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def _network(path, dtype="FLOAT", inputs=("photo",), shape=(1, 1, 8, 8)):
    """Write an ONNX network that halves its first input for a*, with its weights beside the file."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    kind = getattr(onnx.TensorProto, dtype)
    photos = [onnx.helper.make_tensor_value_info(name, kind, shape) for name in inputs]
    ab = onnx.helper.make_tensor_value_info("ab", kind, [1, 2, *shape[2:]])
    numpy = onnx.helper.tensor_dtype_to_np_dtype(kind)
    weights = np.array([0.5, -0.25], numpy).reshape(2, 1, 1, 1).repeat(shape[1], axis=1)
    node = onnx.helper.make_node("Conv", [inputs[0], "weights"], ["ab"])
    weight = onnx.numpy_helper.from_array(weights, "weights")
    graph = onnx.helper.make_graph([node], "two channels", photos, [ab], [weight])
    opset = [onnx.helper.make_opsetid("", 13)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    beside = f"{path.name}.data"
    onnx.save_model(model, path, save_as_external_data=True, location=beside, size_threshold=0)
    return path


def test_weights_next_to_an_onnx_file_are_among_its_files(tmp_path):
    file = _network(tmp_path / "net.onnx")
    method = External(file=file, size=8)
    assert method.files == (file, tmp_path / "net.onnx.data")
    assert not method.missing()
    (tmp_path / "net.onnx.data").unlink()
    assert "net.onnx' needs" in method.missing()
    assert "net.onnx.data', which does not exist" in method.missing()


def test_an_ending_in_capitals_is_the_same_ending(tmp_path):
    file = _network(tmp_path / "NET.ONNX")
    lightness = _lightness()
    ab = External(file=file, size=8).colorize(lightness, Context())
    np.testing.assert_allclose(ab[..., 0], 0.5 * lightness, rtol=1e-5)


@pytest.mark.parametrize("kind", ["onnx", "torchscript"])
def test_a_network_in_half_precision_is_run_in_half_precision(tmp_path, kind):
    if kind == "onnx":
        file = _network(tmp_path / "net.onnx", "FLOAT16")
    else:
        half = nn.Conv2d(1, 2, 1).half()
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore", FutureWarning)
            half.weight.copy_(torch.tensor([0.5, -0.25]).reshape(2, 1, 1, 1))
            half.bias.zero_()
            torch.jit.trace(half, torch.ones(1, 1, 8, 8).half()).save(str(tmp_path / "net.pt"))
        file = tmp_path / "net.pt"
    lightness = _lightness()
    ab = External(file=file, size=8).colorize(lightness, Context())
    assert ab.dtype == np.float32
    np.testing.assert_allclose(ab[..., 0], 0.5 * lightness, rtol=2e-3)


@pytest.mark.parametrize(
    ("network", "given", "message"),
    [
        ({}, "", "write size = 8 under .input. of contract.toml"),
        ({"shape": (1, 1, 8, 4)}, "", r"write size = \[8, 4\]"),
        ({"shape": (1, 3, 8, 8)}, "size = 8", 'write channels = "RGB"'),
        ({"shape": (1, 8, 8, 3)}, 'size = 8\nchannels = "RGB"', 'write layout = "NHWC"'),
        ({"shape": (1, 1, 8, 8)}, 'size = 8\nchannels = "RGB"', 'write channels = "L"'),
        ({"shape": (2, 1, 8, 8)}, "size = 8", "takes 2 photos at once: export it for one photo at a time$"),
        ({"shape": (1, 5, 8, 8)}, "size = 8", "takes 5 channels: export it for 1 or 3 channels$"),
        ({"shape": (1, 1, 8, 8)}, 'name = "x"', r"takes 1 input \(.*\), and its contract declares x: name"),
        ({"inputs": ("photo", "hint")}, "size = 8", r"takes 2 inputs \(photo, hint\), and its contract"),
    ],
)
def test_a_wrong_onnx_input_shape_is_reported_with_advice(tmp_path, network, given, message):
    file = _network(tmp_path / "net.onnx", **network)
    _contract(tmp_path, f"[input]\n{given}\n")
    with pytest.raises(UserError, match=message) as raised:
        External(file=file).colorize(_lightness(), Context())
    assert "\n" not in str(raised.value)


class TakesTwo(nn.Module):
    """Takes a photo and a hint."""

    def forward(self, photo: torch.Tensor, hint: torch.Tensor) -> torch.Tensor:
        return torch.cat((photo, hint), dim=1)


def test_a_torchscript_network_with_two_inputs_is_reported(tmp_path):
    file = tmp_path / "net.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.jit.trace(TakesTwo(), (torch.ones(1, 1, 8, 8), torch.ones(1, 1, 8, 8))).save(str(file))
    with pytest.raises(
        UserError, match=r"takes 2 inputs \(photo, hint\), and its contract declares photo: name"
    ):
        External(file=file, size=8).colorize(_lightness(), Context())


def test_torchscripts_reason_is_given_whole_and_without_its_tracebacks(tmp_path):
    file = _torchscript(Tinted(), tmp_path / "net.pt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.jit.trace(nn.Conv2d(3, 2, 3), torch.ones(1, 3, 8, 8)).save(str(file))
    with pytest.raises(
        UserError, match=r"check size and channels.*: RuntimeError: Given groups=1, .* to have 3"
    ):
        External(file=file, size=8).colorize(_lightness(), Context())


@pytest.mark.parametrize("kind", ["state dict", "checkpoint", "module", "old format"])
def test_weights_without_a_network_are_named_in_the_error(tmp_path, kind):
    file, network = tmp_path / "weights.pth", nn.Conv2d(1, 2, 3)
    saved = {
        "state dict": network.state_dict(),
        "checkpoint": {"epoch": 3, "state_dict": network.state_dict()},
        "module": network,
        "old format": network.state_dict(),
    }[kind]
    torch.save(saved, file, _use_new_zipfile_serialization=kind != "old format")
    with pytest.raises(UserError, match=r"weights \(a state dict\) or a pickled module, .* torch.jit.trace"):
        External(file=file, size=8).colorize(_lightness(), Context())


def _lightness() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 100, (3, 8, 8)).astype(np.float32)


@pytest.mark.parametrize("kind", ["onnx", "torchscript"])
def test_lightness_in_and_chroma_out(tmp_path, kind):
    file = (
        _onnx(tmp_path / "net.onnx") if kind == "onnx" else _torchscript(TwoChannels(), tmp_path / "net.pt")
    )
    method = External(file=str(file), size="8")
    lightness = _lightness()
    before = lightness.copy()
    ab = method.colorize(lightness, Context())
    np.testing.assert_allclose(ab[..., 0], 0.5 * lightness, rtol=1e-5)
    np.testing.assert_allclose(ab[..., 1], -0.25 * lightness, rtol=1e-5)
    np.testing.assert_array_equal(lightness, before)
    assert method.notes["file"] == file.name
    assert len(method.notes["sha256"]) == 16


@pytest.mark.parametrize(
    ("scale", "darkest", "lightest"),
    [("0..1", 0, 1), ("-1..1", -1, 1), ("0..255", 0, 255), ("0..100", 0, 100)],
)
def test_the_input_is_scaled_and_the_output_multiplied_as_declared(tmp_path, scale, darkest, lightest):
    _contract(tmp_path, f'[input]\nsize = 8\nrange = "{scale}"\n[output]\nfactor = 0.4\n')
    method = External(file=_torchscript(TwoChannels(), tmp_path / "net.pt"))
    lightness = np.zeros((1, 8, 8), np.float32)
    lightness[0, :, 4:] = 100
    ab = method.colorize(lightness, Context())
    np.testing.assert_allclose(ab[0, 0, [0, 7], 0], [0.2 * darkest, min(110, 0.2 * lightest)], atol=1e-5)


def test_neutral_rgb_in_and_rgb_out(tmp_path):
    _contract(tmp_path, '[input]\nsize = 8\nchannels = "RGB"\nrange = "0..1"\n[output]\nkind = "RGB"\n')
    method = External(file=_torchscript(Tinted(), tmp_path / "net.pt"))
    lightness = np.full((1, 8, 8), 60, np.float32)
    neutral = lab_to_rgb(lightness, np.zeros((1, 8, 8, 2), np.float32))[0, 0, 0].astype(float)
    red, _, _ = neutral * [0.5, 1, 1]
    from skimage import color

    expected = color.rgb2lab(np.rint([[[red, neutral[1], neutral[2]]]]) / 255)[0, 0, 1:]
    ab = method.colorize(lightness, Context())
    np.testing.assert_allclose(ab, np.broadcast_to(expected, ab.shape), atol=1.5)


@pytest.mark.parametrize("shape", [(1, 1), (17, 31), (40, 9)])
def test_any_size_is_squashed_and_brought_back(tmp_path, shape):
    method = External(file=_torchscript(TwoChannels(), tmp_path / "net.pt"), size=8)
    ab = method.colorize(np.full((2, *shape), 40, np.float32), Context())
    assert ab.shape == (2, *shape, 2)
    assert ab.dtype == np.float32
    np.testing.assert_allclose(ab, np.broadcast_to(np.float32([20, -10]), ab.shape), rtol=1e-4)
    assert method.colorize(np.empty((0, *shape), np.float32), Context()).shape == (0, *shape, 2)


def test_a_missing_file_is_reported_before_the_run(tmp_path):
    absent = External(file=tmp_path / "absent.onnx")
    assert "weights not found" in absent.missing()
    with pytest.raises(UserError, match=r"external: weights not found: .*absent\.onnx' does not exist"):
        absent.colorize(_lightness(), Context())


def test_without_onnxruntime_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "net.onnx").touch()
    monkeypatch.setattr("huebench.methods.from_file.external.card.find_spec", lambda name: None)
    assert (
        External(file=tmp_path / "net.onnx").missing()
        == "needs onnxruntime: pip install 'huebench[external]'"
    )
    assert not External(file=_torchscript(TwoChannels(), tmp_path / "net.pt")).missing()


@pytest.mark.parametrize("file", ["net.pt", "net.onnx"])
def test_an_unreadable_file_is_named(tmp_path, file):
    if file.endswith("onnx"):
        pytest.importorskip("onnxruntime")
    (tmp_path / file).write_bytes(b"no network")
    with pytest.raises(UserError, match=rf"{file}' cannot be opened"):
        External(file=tmp_path / file).colorize(_lightness(), Context())


def test_an_answer_that_breaks_the_contract_is_an_error(tmp_path):
    file = _torchscript(TwoChannels(), tmp_path / "net.pt")
    _contract(tmp_path, '[output]\nkind = "RGB"\n')
    with pytest.raises(UserError, match=r"has shape \(1, 2, 8, 8\); for kind = \"RGB\" .* \(1, 3, H, W\)"):
        External(file=file, size=8).colorize(_lightness(), Context())


def test_an_input_that_the_network_refuses_is_an_error(tmp_path):
    file = _onnx(tmp_path / "net.onnx")
    with pytest.raises(
        UserError, match=r"takes an input of shape \(1, 1, 8, 8\), not \(1, 1, 16, 16\): write size = 8"
    ):
        External(file=file, size=16).colorize(_lightness(), Context())


def test_the_first_of_several_outputs_is_the_answer(tmp_path):
    first, only = (
        External(file=_torchscript(module, tmp_path / f"{i}.pt"), size=8).colorize(_lightness(), Context())
        for i, module in enumerate((TwoChannelsAndMore(), TwoChannels()))
    )
    np.testing.assert_array_equal(first, only)


def test_an_output_is_taken_by_its_name(tmp_path):
    file = _torchscript(Named(), tmp_path / "net.pt")
    plain = External(file=file, size=8).colorize(_lightness(), Context())
    _contract(tmp_path, '[output]\nname = "ab"\n')
    np.testing.assert_array_equal(External(file=file, size=8).colorize(_lightness(), Context()), plain)
    _contract(tmp_path, '[output]\nname = "RGB"\n')
    with pytest.raises(UserError, match="has no output 'RGB'; it has ab"):
        External(file=file, size=8).colorize(_lightness(), Context())


@pytest.mark.parametrize("number", ["1", '"1"'])
@pytest.mark.parametrize("names", [("0", "1"), ("first", "second")])
def test_an_output_is_taken_by_its_number(tmp_path, names, number):
    _contract(tmp_path, f"[output]\nname = {number}\n")
    answers = {name: np.full((1, 2, 8, 8), i, np.float32) for i, name in enumerate(names, start=1)}
    method = External(file=tmp_path / "net.onnx", size=8)
    method._network = Network({"photo": None}, lambda _: answers)
    np.testing.assert_array_equal(method.colorize(_lightness(), Context()), 2)


def test_an_output_that_does_not_fit_names_those_that_do(tmp_path):
    answers = {"score": np.ones((1, 1), np.float32), "ab": np.ones((1, 2, 8, 8), np.float32)}
    method = External(file=tmp_path / "net.onnx", size=8)
    method._network = Network({"photo": None}, lambda _: answers)
    with pytest.raises(UserError, match=r'has shape \(1, 1\);.*: write name = "ab" under \[output\]'):
        method.colorize(_lightness(), Context())


def test_a_broken_exported_program_is_one_line(tmp_path, capfd):
    (tmp_path / "net.pt2").write_bytes(b"cut short")
    with pytest.raises(UserError, match=r"net\.pt2' cannot be opened: it is damaged"):
        External(file=tmp_path / "net.pt2").colorize(_lightness(), Context())
    assert not capfd.readouterr().err


def test_a_folder_is_said_to_be_one(tmp_path):
    assert "is a folder: name the file in it" in External(file=tmp_path).missing()


class Empty(nn.Module):
    """Answers with nothing that could hold colours."""

    def forward(self, photo: torch.Tensor) -> dict[str, int]:
        return {"channels": photo.shape[1]}


def test_an_answer_that_is_not_a_tensor_gets_the_contract_in_the_error(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.jit.script(Empty()).save(str(tmp_path / "net.pt"))
    with pytest.raises(UserError, match=r"answers with a dict: an output must be a tensor, or a tuple"):
        External(file=tmp_path / "net.pt", size=8).colorize(_lightness(), Context())


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("full"), Exception("Failed to allocate memory for requested buffer")]
)
@pytest.mark.parametrize("when", ["opened", "run"])
def test_out_of_memory_is_not_blamed_on_the_input(tmp_path, monkeypatch, error, when):
    def fill(*_):
        raise error

    (tmp_path / "net.pt").touch()
    opened = fill if when == "opened" else lambda *_: Network({"photo": None}, fill)
    monkeypatch.setattr("huebench.methods.from_file.external.card.open_network", opened)
    with pytest.raises(
        OutOfMemoryError, match=r"the memory of the cpu is too small for '.*net\.pt': lower size"
    ):
        External(file=tmp_path / "net.pt", size=8).colorize(_lightness(), Context())
