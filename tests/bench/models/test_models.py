"""Models as things: listed, shown, exported, scored again and used."""

import json

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard
from PIL import Image

import huebench

from .conftest import METHOD, OPTIONS


@pytest.fixture
def model(bench, run, tmp_path):
    code, output = bench("export", run.folder, METHOD, "--format", "safetensors", "--out", "model")
    assert code == 0, output
    return tmp_path / "model"


def test_exported_folder_says_what_it_is(model, run):
    content = json.loads((model / "model.json").read_text())["content"]
    assert content["method"] == METHOD
    assert content["parameters"]["size"] == 32
    assert content["training_data"]["fingerprint"] == run.run.dataset["fingerprint"]
    assert content["training_data"]["licence"] == run.run.dataset["licence"]
    assert content["protocol_digest"] == run.run.protocol_digest
    assert content["command"] == run.run.command
    figures = {each["metric"]: each for each in content["figures"]}
    mean = run.images.loc[run.images["method"] == METHOD, "psnr"].mean()
    assert figures["psnr"]["value"] == pytest.approx(mean)
    assert figures["psnr"]["low"] <= mean <= figures["psnr"]["high"]
    assert sorted(path.name for path in model.iterdir()) == ["README.md", "model.json", "network.safetensors"]


def test_card_is_one_of_hugging_face(model):
    card = ModelCard.load(model / "README.md")
    assert card.data.library_name == "huebench"
    assert card.data.license == "other"
    assert {result.metric_type for result in card.data.eval_results} == set(OPTIONS["metrics"])
    assert "Licence of these photos" in card.text


def test_exported_model_scores_as_in_its_run(bench, model, run):
    again = huebench.run(methods=["model:model"], out="again", **OPTIONS)
    columns = ["photo", "psnr", "auc"]
    before = run.images[run.images["method"] == METHOD][columns].reset_index(drop=True)
    assert again.images[columns].equals(before)


def test_exported_model_colorizes(bench, model, tmp_path):
    Image.fromarray(np.tile(np.arange(96, dtype=np.uint8), (64, 1))).save(tmp_path / "scan.png")
    code, output = bench("colorize", "scan.png", "--model", "model", "--size", 48)
    assert code == 0, output
    with Image.open(tmp_path / "colorized/scan.png") as photo:
        assert photo.mode == "RGB"
    code, output = bench("colorize", "scan.png", "--model", "model", "--size", 50)
    assert code == 2
    assert "multiples of 16 pixels, not at 50: give 48 or 64" in output


def colorized(bench, tmp_path, model):
    """Colorize a ramp with ``--model``; return its pixels, int (64, 96, 3)."""
    Image.fromarray(np.tile(np.linspace(40, 220, 96).astype(np.uint8), (64, 1))).save(tmp_path / "scan.png")
    code, output = bench("colorize", "scan.png", "--model", model, "--overwrite")
    assert code == 0, output
    with Image.open(tmp_path / "colorized/scan.png") as photo:
        return np.asarray(photo).astype(int)


def test_weights_of_an_exported_model_colorize_as_its_folder_does(bench, model, tmp_path):
    whole = colorized(bench, tmp_path, "model")
    np.testing.assert_array_equal(colorized(bench, tmp_path, "model/network.safetensors"), whole)
    (model / "network.safetensors").rename(tmp_path / "alone.safetensors")
    code, output = bench("colorize", "scan.png", "--model", "alone.safetensors")
    assert code == 2
    assert "'alone.safetensors': weights alone do not say which network they are of" in output


def test_a_file_that_is_no_model_is_refused_with_what_can_be_given(bench, tmp_path):
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / "scan.png")
    (tmp_path / "notes.txt").write_text("not a model")
    code, output = bench("colorize", "scan.png", "--model", "notes.txt")
    assert code == 2
    assert "--model 'notes.txt': not a model, by its suffix; give a network as .onnx, .pt, .pt2" in output
    assert "a folder that bench export has written, or its .safetensors" in output
    assert len(output.strip().splitlines()) == 1


class Redder(torch.nn.Module):
    """Gives every pixel an a* of 30."""

    def forward(self, photo):
        return torch.cat((0 * photo + 30, 0 * photo), dim=1)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # torch's, of a format that users' files are in
def test_torchscript_file_colorizes(bench, tmp_path):
    torch.jit.trace(Redder(), torch.ones(1, 1, 256, 256)).save(tmp_path / "redder.pt")
    pixels = colorized(bench, tmp_path, "redder.pt")
    assert (pixels[..., 0] - pixels[..., 1]).min() > 15
    (tmp_path / "broken.pt").write_bytes(b"not a network")
    code, output = bench("colorize", "scan.png", "--model", "broken.pt", "--overwrite")
    assert code == 2  # a fault of the command, not of the photo
    assert "broken.pt" in output
    assert "Traceback" not in output


def test_best_method_of_a_run_colorizes(bench, run, tmp_path):
    Image.fromarray(np.tile(np.arange(96, dtype=np.uint8), (64, 1))).save(tmp_path / "scan.png")
    code, output = bench("colorize", "scan.png", "--from", run.folder)
    assert code == 0, output
    assert f"method: {METHOD}, the best of" in output
    assert "AuC reb. 0." in output
    assert "colorfulness" in output


def test_run_without_seed_0_colorizes_and_is_exported(bench, tmp_path):
    huebench.run(methods=["mean-ab"], out=tmp_path / "run", seeds=[3, 5], **OPTIONS)
    Image.new("L", (40, 40), 90).save(tmp_path / "scan.png")
    assert bench("colorize", "scan.png", "--from", "run")[0] == 0
    assert bench("models", "show", "run", "mean-ab")[0] == 0
    code, output = bench("models", "show", "run", "mean-ab", "--seed", 4)
    assert code == 2
    assert "no 'mean-ab' with seed 4 in the run; its seeds: 3" in output


def test_models_are_listed_and_shown(bench, model, run):
    code, output = bench("models", "list", run.folder, "model")
    assert code == 0
    assert output.count(METHOD) == 2
    assert bench("models", "show", "model")[1] == bench("models", "show", run.folder, METHOD)[1]


def test_changed_model_is_refused(bench, model):
    with (model / "network.safetensors").open("ab") as stream:
        stream.write(b"\0")
    code, output = bench("models", "show", "model")
    assert code == 2
    assert "a file does not match model.json" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "RUN"), "name a method of the run: encoder-decoder[size=32], gray"),
        (("show", "nowhere"), "is not a run folder"),
    ],
)
def test_wrong_request_is_one_message(bench, run, arguments, message):
    code, output = bench("models", *(run.folder if each == "RUN" else each for each in arguments))
    assert code == 2
    assert message in output
