"""Published methods keep to the contract of methods, and use their networks as published."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from skimage.color import rgb2lab

from huebench import UserError
from huebench.bench.conformance.run import run_checks
from huebench.bench.models.onnx import export_onnx
from huebench.bench.models.weights import export_weights
from huebench.datasets.color.conversion import lab_to_rgb
from huebench.methods.base import Context, Hints, methods
from huebench.methods.from_file.external.arrays import box_of, chroma_of, photo_array
from huebench.methods.memory import OutOfMemoryError
from huebench.methods.pretrained.method import PublishedMethod
from huebench.methods.pretrained.running import runner
from huebench.methods.spec import MethodSpec, parse_specs

SMALL = {"icolorit-tiny": {}}
"""Networks that are quick enough for every test run, with the parameters that make them so."""

MIDDLE = {"eccv16": {"size": "32"}, "siggraph17": {"size": "32"}, "ddcolor-tiny": {"size": "32"}}

LARGE = {
    "icolorit-base": {},
    "ddcolor": {"size": "32"},
    "deoldify-artistic": {"render_factor": "2"},
    "deoldify-stable": {"render_factor": "2"},
    "deoldify-video": {"render_factor": "2"},
}


def made(name, weights_file, **parameters) -> PublishedMethod:
    method = methods.get(name)(weights=str(weights_file(name)), **parameters)
    assert isinstance(method, PublishedMethod)
    return method


def lightness(*shape: int) -> np.ndarray:
    *_, rows, columns = np.indices(shape)
    return (50 + 30 * np.sin(rows / 5) + 15 * np.cos(columns / 3)).astype(np.float32)


def grey_photo(plane: np.ndarray) -> Image.Image:
    return Image.fromarray(lab_to_rgb(plane, np.zeros((*plane.shape, 2), np.float32)))


@torch.inference_mode()
def answer(network, *arrays: np.ndarray) -> np.ndarray:
    return network(*map(torch.from_numpy, arrays)).numpy()


def test_family_is_every_published_method():
    found = {name for name, cls in methods.items().items() if issubclass(cls, PublishedMethod)}
    assert {spec.name for spec in parse_specs("published")} == found
    assert found == SMALL.keys() | MIDDLE.keys() | LARGE.keys()


@pytest.mark.parametrize(
    "name",
    [
        *SMALL,
        *(pytest.param(name, marks=pytest.mark.slow) for name in MIDDLE),
        *(pytest.param(name, marks=pytest.mark.long) for name in LARGE),
    ],
)
def test_published_method_conforms(name, weights_file):
    parameters = {**SMALL, **MIDDLE, **LARGE}[name] | {"weights": str(weights_file(name))}
    outcomes = run_checks(MethodSpec(name, parameters))
    assert {outcome.name: outcome.detail for outcome in outcomes if outcome.result == "failed"} == {}
    assert any(outcome.result == "passed" for outcome in outcomes)


@pytest.mark.parametrize(
    "name",
    [
        *SMALL,
        *(pytest.param(name, marks=pytest.mark.slow) for name in MIDDLE),
        *(pytest.param(name, marks=pytest.mark.long) for name in LARGE),
    ],
)
def test_bf16_changes_colours_a_little(name, weights_file):
    plane = lightness(1, 96, 64)
    exact, rounded = (
        made(name, weights_file, precision=precision).colorize(plane, Context())
        for precision in ("fp32", "bf16")
    )
    assert np.ptp(exact) > 1
    assert 0 < np.abs(rounded - exact).mean() <= 0.5


def test_missing_weights_say_the_command_that_gets_them():
    assert MethodSpec("eccv16").missing() == "weights not found: bench weights get eccv16"


def test_missing_weights_are_a_skipped_row(bench):
    options = ("--limit", 1, "--size", 32, "--metrics", "psnr", "--out", "run")
    code, output = bench("run", "--methods", "eccv16,gray", "--dataset", "samples", *options)
    assert code == 0, output
    assert "weights not found: bench weights get eccv16" in output
    cells = pd.read_parquet("run/cells.parquet").set_index("method")
    assert cells["status"].to_dict() == {"eccv16": "skipped", "gray": "ok"}
    assert cells["reason"]["eccv16"] == "weights not found: bench weights get eccv16"


@pytest.mark.slow
def test_weights_that_were_added_make_rows(bench, weights_file, tmp_path, monkeypatch):
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(tmp_path / "weights"))
    code, output = bench("weights", "add", weights_file("icolorit-tiny"))
    assert code == 0, output
    options = ("--limit", 1, "--size", 32, "--metrics", "psnr", "--out", "run")
    code, output = bench("run", "--methods", "icolorit-tiny", "--dataset", "samples", *options)
    assert code == 0, output
    row = pd.read_parquet("run/cells.parquet").iloc[0]
    assert (row["status"], row["parameter_count"]) == ("ok", 6_444_740)
    notes = json.loads(row["notes"])
    assert notes["weights"] == "icolorit_tiny_4ch_patch16_224.pth"
    assert notes["weights checked"] == "published digest not known"


def test_listing_published_methods_does_not_import_torch():
    code = (
        "import sys; from huebench.methods.base import methods; from huebench.methods.spec import MethodSpec;"
        "[MethodSpec(name).missing() for name in methods.items() if name not in ('external', 'model')];"
        "assert 'eccv16' in methods.items(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_row_says_which_file_the_weights_are_from(weights_file):
    notes = made("eccv16", weights_file).notes
    assert notes["weights"] == "colorization_release_v2-9b330a0b.pth"
    assert notes["weights checked"] == "differs from the published file"


def test_eccv16_takes_lightness_at_its_own_size(filled, weights_file):
    plane = lightness(64, 64)
    expected = answer(filled("eccv16"), plane[None, None])[0].transpose(1, 2, 0)
    found = made("eccv16", weights_file, size=64).colorize(plane[None], Context())[0]
    np.testing.assert_allclose(found, expected.clip(-110, 110), atol=1e-3)


@pytest.mark.parametrize("shape", [(37, 53), (150, 90)])
def test_siggraph17_resizes_as_published(filled, weights_file, shape):
    plane = lightness(*shape)
    photo = grey_photo(plane).resize((64, 64), resample=3)
    small = rgb2lab(np.asarray(photo))[..., 0].astype(np.float32)
    ab = answer(filled("siggraph17"), small[None, None])
    expected = torch.nn.functional.interpolate(torch.from_numpy(ab), shape, mode="bilinear")[0]
    found = made("siggraph17", weights_file, size=64).colorize(plane[None], Context())[0]
    np.testing.assert_allclose(found, expected.permute(1, 2, 0).numpy().clip(-110, 110), atol=0.05)


def hints(height: int, width: int) -> Hints:
    mask = np.zeros((1, height, width), bool)
    ab = np.zeros((1, height, width, 2), np.float32)
    for top, left, colour in ((6, 10, (50, -30)), (40, 22, (-40, 45)), (height - 2, width - 2, (0, 60))):
        mask[0, top : top + 2, left : left + 2] = True
        ab[0, top : top + 2, left : left + 2] = colour
    return Hints(ab, mask)


def test_siggraph17_gives_its_network_the_hints(filled, weights_file):
    plane, given = lightness(64, 64), hints(64, 64)
    method = made("siggraph17", weights_file, size=64)
    with_hints = answer(
        filled("siggraph17"),
        plane[None, None],
        given.ab.transpose(0, 3, 1, 2),
        np.float32(given.mask[:, None]),
    )[0].transpose(1, 2, 0)
    found = method.colorize(plane[None], Context(hints=given))[0]
    np.testing.assert_allclose(found, with_hints.clip(-110, 110), atol=1e-3)
    automatic = method.colorize(plane[None], Context())[0]
    assert np.abs(found - automatic).max() > 10
    # No hint at all, and none for this photo, is the automatic answer, to the byte.
    none = Hints(np.zeros_like(given.ab), np.zeros_like(given.mask))
    assert method.colorize(plane[None], Context(hints=none)).tobytes() == automatic.tobytes()


def test_icolorit_gives_its_network_the_hints_cell_by_cell(filled, weights_file):
    plane, given = lightness(224, 224), hints(224, 224)
    method, seen = made("icolorit-tiny", weights_file), []

    def run(lab, mask):
        seen.append((lab.copy(), mask.copy()))
        return np.zeros((1, 196, 512), np.float32)

    method.colorize_photo(plane, run, 224, given[0])
    lab, mask = seen[0]
    cells = given.mask[0].reshape(112, 2, 112, 2).any(axis=(1, 3))
    np.testing.assert_array_equal(mask[0].reshape(112, 112), ~cells)
    np.testing.assert_allclose(lab[0, 1:].transpose(1, 2, 0) * 110, given.ab[0], atol=1e-4)
    automatic = method.colorize(plane[None], Context())
    hinted = method.colorize(plane[None], Context(hints=given))
    assert np.abs(hinted - automatic).max() > 1
    none = Hints(np.zeros_like(given.ab), np.zeros_like(given.mask))
    assert method.colorize(plane[None], Context(hints=none)).tobytes() == automatic.tobytes()


@pytest.mark.parametrize(("name", "side"), [("siggraph17", 64), ("icolorit-tiny", 224)])
def test_hints_of_a_photo_of_another_size_reach_the_network(weights_file, name, side):
    given = hints(90, 120)
    seen = []

    def run(*arrays):
        seen.append([array.copy() for array in arrays])
        shape = (1, 2, side, side) if name == "siggraph17" else (1, 196, 512)
        return np.zeros(shape, np.float32)

    parameters = {"size": 64} if name == "siggraph17" else {}
    made(name, weights_file, **parameters).colorize_photo(lightness(90, 120), run, side, given[0])
    colours = seen[0][1][0] if name == "siggraph17" else seen[0][0][0, 1:] * 110
    found = {tuple(np.rint(colour).astype(int)) for colour in colours.reshape(2, -1).T.tolist()}
    assert found == {(0, 0), (50, -30), (-40, 45), (0, 60)}


def test_icolorit_unfolds_its_patches_row_by_row(filled, weights_file):
    cv2 = pytest.importorskip("cv2")
    plane = lightness(120, 300)
    photo = grey_photo(plane).resize((224, 224), Image.Resampling.BILINEAR)
    lab = np.zeros((1, 3, 224, 224), np.float32)
    lab[0, 0] = rgb2lab(np.asarray(photo))[..., 0] / 100 - 0.5
    tokens = answer(filled("icolorit-tiny"), lab, np.ones((1, 112 * 112), bool))[0]
    ab = np.zeros((224, 224, 2), np.float32)
    for number, token in enumerate(tokens):
        top, left = 16 * (number // 14), 16 * (number % 14)
        ab[top : top + 16, left : left + 16] = token.reshape(16, 16, 2)
    expected = cv2.resize(110 * ab, (300, 120), interpolation=cv2.INTER_CUBIC)
    found = made("icolorit-tiny", weights_file).colorize(plane[None], Context())[0]
    np.testing.assert_allclose(found, expected.clip(-110, 110), atol=0.05)


@pytest.mark.parametrize("shape", [(200, 150), (40, 57), (64, 64)])
def test_ddcolor_goes_in_and_out_as_published(shape):
    cv2 = pytest.importorskip("cv2")
    plane, seen = lightness(*shape), []
    ab = np.random.default_rng(0).uniform(-50, 50, (1, 2, 64, 64)).astype(np.float32)

    def run(photo):
        seen.append(photo)
        return ab

    found = methods.get("ddcolor-tiny")(size=64).colorize_photo(plane, run, 64)
    lab = np.stack((plane, np.zeros_like(plane), np.zeros_like(plane)), axis=-1)
    grey = cv2.resize(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), (64, 64))
    np.testing.assert_allclose(seen[0][0].transpose(1, 2, 0), grey, atol=2e-3)
    rows, columns = (np.arange(length) * 64 // length for length in shape)
    np.testing.assert_array_equal(found, ab[0].transpose(1, 2, 0)[rows][:, columns])


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("shape", [(200, 150), (33, 21)])
def test_deoldify_goes_in_and_out_as_published(shape, merged):
    cv2 = pytest.importorskip("cv2")
    plane, seen = lightness(*shape), []
    raw = np.random.default_rng(0).uniform(-3, 3, (1, 3, 4, 4)).astype(np.float32).repeat(16, 2).repeat(16, 3)

    def run(photo):
        seen.append(photo)
        return raw

    mean, deviation = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    method = methods.get("deoldify-artistic")(render_factor=4, published_merge=merged)
    found = method.colorize_photo(plane, run, method.side)
    photo = grey_photo(plane)
    grey = photo.resize((64, 64), Image.Resampling.BILINEAR).convert("LA").convert("RGB")
    np.testing.assert_allclose(
        seen[0][0].transpose(1, 2, 0), (np.asarray(grey) / 255 - mean) / deviation, atol=1e-5
    )
    levels = ((raw[0].transpose(1, 2, 0) * deviation + mean).clip(0, 1) * 255).astype(np.uint8)
    colors = np.asarray(Image.fromarray(levels).resize(shape[::-1], Image.Resampling.BILINEAR))
    if merged:
        own, other = (cv2.cvtColor(np.asarray(each), cv2.COLOR_RGB2YUV) for each in (photo, colors))
        own[..., 1:] = other[..., 1:]
        colors = cv2.cvtColor(own, cv2.COLOR_YUV2RGB)
    np.testing.assert_allclose(found, rgb2lab(colors)[..., 1:], atol=0.02)
    assert method.notes == {}  # without weights


def test_row_says_whose_merge_was_scored(tmp_path):
    (tmp_path / "w.pth").write_bytes(b"weights")
    for merged, said in ((False, "protocol, L* of the photo"), (True, "published, Y of the input in YUV")):
        method = methods.get("deoldify-stable")(weights=str(tmp_path / "w.pth"), published_merge=merged)
        assert method.notes["merge"] == said


@pytest.mark.parametrize(
    ("spec", "known"), [("ddcolor", "modelscope, paper, artistic, auto"), ("eccv16", "auto")]
)
def test_unknown_weights_show_the_known_ones(spec, known):
    with pytest.raises(UserError, match=f"no weights 'nosuch': give {known}, or a file or a folder"):
        MethodSpec(spec, {"weights": "nosuch"}).missing()


def test_ddcolor_takes_its_three_sets_of_weights_by_name():
    commands = [MethodSpec("ddcolor", {"weights": each}).missing() for each in ("paper", "artistic")]
    assert commands == [
        f"weights not found: bench weights get ddcolor-{each}" for each in ("paper", "artistic")
    ]
    assert MethodSpec("ddcolor").missing() == "weights not found: bench weights get ddcolor-modelscope"


@pytest.mark.parametrize("shape", [(16, 16), (17, 31), (300, 41)])
def test_any_size_is_colorized(weights_file, shape):
    found = made("eccv16", weights_file, size=64).colorize(lightness(*shape)[None], Context())
    assert found.shape == (1, *shape, 2)
    assert np.isfinite(found).all()


def test_memory_running_out_says_which_size_would_fit(weights_file, monkeypatch):
    method = made("eccv16", weights_file, size=64)

    def colorize_photo(plane, run, side, hints):
        if side > 24:
            raise MemoryError
        return np.zeros((*plane.shape, 2), np.float32)

    monkeypatch.setattr(method, "colorize_photo", colorize_photo)
    with pytest.raises(OutOfMemoryError, match=r"too small for eccv16 at 64²: size=24 would fit now"):
        method.colorize(lightness(16, 16)[None], Context())


def test_weights_of_another_network_are_refused(weights_file):
    method = methods.get("siggraph17")(weights=str(weights_file("eccv16")))
    with pytest.raises(UserError, match=r"are not of siggraph17: 'model1.0.weight' is"):
        method.colorize(lightness(16, 16)[None], Context())


class Tokens(torch.nn.Module):
    """Stands for iColoriT: gives every patch its lightness and half of it, over a third of it."""

    def forward(self, lab, mask):
        assert mask.all()
        patches = torch.stack((lab[:, 0], 0.5 * lab[:, 0] / 3), dim=-1).reshape(1, 14, 16, 14, 16, 2)
        return patches.permute(0, 1, 3, 2, 4, 5).reshape(1, 196, 512)


class Tinted(torch.nn.Module):
    """Stands for another network: gives its input's first channels, each a little weaker."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels

    def forward(self, photo):
        return torch.cat([(1 - 0.1 * i) * photo[:, :1] for i in range(self.channels)], dim=1)


@pytest.mark.parametrize("shape", [(50, 83), (32, 32), (224, 224)])
@pytest.mark.parametrize("name", [*SMALL, *MIDDLE, *LARGE])
def test_contract_says_what_the_method_does(name, shape):
    method = methods.get(name)(**{**SMALL, **MIDDLE, **LARGE}[name])
    contract, plane = method.contract, lightness(*shape)
    network = Tokens() if "icolorit" in name else Tinted(3 if contract.output.kind == "RGB" else 2)
    box = box_of(contract.input, shape, None)
    photo = photo_array(contract.input, plane, box)
    output = answer(method.as_declared(network), photo)
    ours = method.colorize_photo(plane, runner(network, "cpu"), method.side).clip(-110, 110)
    assert np.ptp(ours) > 0.3
    np.testing.assert_allclose(chroma_of(contract.output, output, box, plane, None), ours, atol=1e-3)


def test_published_merge_has_no_contract():
    with pytest.raises(UserError, match="deoldify-video: no contract has published_merge: export it without"):
        _ = methods.get("deoldify-video")(published_merge=True).contract


def test_precision_has_no_contract():
    with pytest.raises(UserError, match="ddcolor-tiny: no contract has precision=bf16: export it without"):
        methods.get("ddcolor-tiny")(precision="bf16").portable()


@pytest.mark.parametrize(
    "name",
    [
        *SMALL,
        *(pytest.param(name, marks=pytest.mark.slow) for name in MIDDLE),
        *(pytest.param(name, marks=pytest.mark.long) for name in LARGE),
    ],
)
def test_exported_file_colorizes_as_the_method(name, weights_file, tmp_path):
    pytest.importorskip("onnxruntime")
    method = made(name, weights_file, **{**SMALL, **MIDDLE, **LARGE}[name])
    difference = export_onnx(method, method.portable(), tmp_path / "network.onnx")
    assert difference.largest <= difference.allowed


def test_weights_exported_as_safetensors_are_those_of_the_method(weights_file, tmp_path):
    method = made("icolorit-tiny", weights_file)
    export_weights(method.portable(), tmp_path / "tiny.safetensors")
    again, photo = methods.get("icolorit-tiny")(weights=str(tmp_path / "tiny.safetensors")), lightness(40, 64)
    np.testing.assert_array_equal(
        again.colorize(photo[None], Context()), method.colorize(photo[None], Context())
    )
