"""``bench weights``: what it lists, fetches, recognises and checks."""

import io
import json
import shutil

import pytest
import timm
import torch
from safetensors.torch import save_file

from huebench.methods.pretrained.checkpoint import Checkpoint, Source
from huebench.methods.pretrained.store import checkpoints

from ...methods.pretrained.conftest import OneLayer, folder, publish, server  # noqa: F401  # fixtures


@pytest.fixture
def state():
    torch.manual_seed(1)
    return OneLayer().build_network().state_dict()


def test_every_published_network_is_listed(bench, folder):  # noqa: F811
    code, output = bench("weights", "list")
    assert code == 0
    for name in ("eccv16", "siggraph17", "ddcolor-paper", "deoldify-stable", "icolorit-tiny"):
        assert f" {name} " in output
    assert "874 MB" in output
    assert "BSD-2-Clause" in output


def test_list_says_how_each_download_is_checked(bench):
    _, output = bench("weights", "list")
    rows = {line.split()[0]: line for line in output.splitlines() if " no " in line and "metric" not in line}
    assert rows.keys() == checkpoints().keys()
    for name, row in rows.items():
        source = checkpoints()[name].sources[0]
        hub = source.url.startswith("https://huggingface.co/")
        assert ("SHA-256" in row) == (bool(source.sha256) or hub), row
        assert ("hub's SHA-256" in row) == (hub and not source.sha256), row
        assert (" entries " in row) == (not source.sha256 and not hub), row


def test_get_shows_the_licence_and_asks(bench, publish, folder, monkeypatch):  # noqa: F811
    publish()
    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, output = bench("weights", "get", "one-layer")
    assert code == 2
    assert "CC0" in output
    assert "add --accept-licence" in output
    assert not (folder / "one-layer.pth").exists()


def test_get_fetches_for_scripts(bench, publish, tmp_path):  # noqa: F811
    publish()
    target = tmp_path / "new" / "one-layer.pth"
    code, output = bench("weights", "get", "one-layer", "--accept-licence", "--weights-dir", tmp_path / "new")
    assert (code, str(target) in output, target.exists()) == (0, True, True)
    assert json.loads(target.with_name("one-layer.pth.json").read_text())["published digest"] == "matches"
    assert bench("weights", "verify", "--weights-dir", tmp_path / "new")[0] == 0


def test_get_of_unknown_weights_shows_the_nearest(bench):
    code, output = bench("weights", "get", "ddcolor")
    assert code == 2
    assert "unknown weights 'ddcolor'; did you mean ddcolor-artistic or ddcolor-modelscope" in output
    assert "unknown weights 'x'; known: ddcolor-artistic, " in bench("weights", "get", "x")[1]


def test_add_recognises_a_file_by_its_digest(bench, publish, server, folder, tmp_path):  # noqa: F811
    publish()
    (tmp_path / "pytorch_model.bin").write_bytes(server.content)
    code, output = bench("weights", "add", tmp_path / "pytorch_model.bin")
    assert code == 0
    assert "pytorch_model.bin: one-layer, the published file, by its SHA-256" in output
    assert (folder / "one-layer.pth").read_bytes() == server.content


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_add_recognises_a_file_by_its_entries(bench, publish, folder, tmp_path, state, suffix):  # noqa: F811
    publish()
    (save_file if suffix == ".safetensors" else torch.save)(state, tmp_path / f"mine{suffix}")
    code, output = bench("weights", "add", tmp_path / f"mine{suffix}")
    assert code == 0
    assert "one-layer, recognised by its entries; its SHA-256" in output
    assert "differs from the published file" in output
    assert (folder / f"one-layer{suffix}").exists()
    assert OneLayer().missing() == ""
    code, output = bench("weights", "verify")
    assert code == 1
    assert "the right entries, but its SHA-256" in output


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_added_file_of_an_encoder_can_be_read_again(bench, folder, tmp_path, suffix):  # noqa: F811
    state = timm.create_model("mobilenetv2_100").state_dict()
    (save_file if suffix == ".safetensors" else torch.save)(state, tmp_path / f"mine{suffix}")
    code, output = bench("weights", "add", tmp_path / f"mine{suffix}")
    assert code == 0
    assert (folder / f"mobilenetv2_100{suffix}").is_file()
    code, output = bench("weights", "verify")
    assert code == 0, output
    assert "mobilenetv2_100: the right entries" in output
    torch.save(state | {"classifier.bias": torch.ones(1000)}, tmp_path / "other.pth")
    assert "another file is there: remove" in bench("weights", "add", tmp_path / "other.pth")[1]


def test_add_says_if_no_digest_is_known(bench, publish, tmp_path, state):  # noqa: F811
    publish(Source("http://127.0.0.1:9/"))
    torch.save(state, tmp_path / "mine.pth")
    assert "the published SHA-256 is not known" in bench("weights", "add", tmp_path / "mine.pth")[1]
    code, output = bench("weights", "verify")
    assert code == 0
    assert "the right entries; the published SHA-256 is not known" in output


def test_add_asks_which_if_entries_fit_several(bench, publish, folder, tmp_path, state):  # noqa: F811
    twin = Checkpoint("twin", "twin.pth", "one-layer", (), "CC0", "https://example.org/twin")
    publish(more={"twin": twin})
    torch.save(state, tmp_path / "mine.pth")
    code, output = bench("weights", "add", tmp_path / "mine.pth")
    assert code == 1
    assert "its entries are those of one-layer, twin: say which with --name" in output
    assert bench("weights", "add", tmp_path / "mine.pth", "--name", "twin")[0] == 0
    assert (folder / "twin.pth").exists()
    shutil.copy(tmp_path / "mine.pth", tmp_path / "one-layer.pth")
    assert "one-layer.pth: one-layer, " in bench("weights", "add", tmp_path / "one-layer.pth")[1]


def test_add_goes_on_after_a_file_that_it_does_not_know(bench, publish, folder, tmp_path, state):  # noqa: F811
    publish()
    (tmp_path / "README.md").write_text("weights")
    torch.save({"layer.weight": torch.zeros(3)}, tmp_path / "other.pth")
    torch.save(state, tmp_path / "mine.pth")
    files = [tmp_path / name for name in ("README.md", "absent.pth", "other.pth", "mine.pth")]
    code, output = bench("weights", "add", *files)
    assert code == 1
    assert "README.md: not added: weights" in output
    assert "absent.pth: not added: not a file" in output
    assert "other.pth: not added: it has the entries of no known network; see" in output
    assert (folder / "one-layer.pth").exists()


def test_add_says_how_entries_differ_from_those_of_the_nearest_network(bench, publish, tmp_path, state):  # noqa: F811
    publish()
    torch.save(state | {"bias": torch.zeros(3)}, tmp_path / "more.pth")
    code, output = bench("weights", "add", tmp_path / "more.pth")
    assert code == 1
    assert "no known network; it comes nearest to one-layer: 'bias' is unknown; see 'bench weig" in output


def test_add_replaces_nothing(bench, publish, folder, tmp_path, state):  # noqa: F811
    publish()
    (folder / "one-layer.pth").write_bytes(b"mine")
    torch.save(state, tmp_path / "w.pth")
    assert "another file is there: remove" in bench("weights", "add", tmp_path / "w.pth")[1]
    assert (folder / "one-layer.pth").read_bytes() == b"mine"


def test_verify_notices_a_file_that_changed(bench, publish, folder, tmp_path, state):  # noqa: F811
    publish(Source("http://127.0.0.1:9/"))
    assert "no weights of networks are on this machine" in bench("weights", "verify")[1]
    torch.save(state, tmp_path / "w.pth")
    bench("weights", "add", tmp_path / "w.pth")
    with (folder / "one-layer.pth").open("ab") as file:
        file.write(b"?")
    code, output = bench("weights", "verify")
    assert code == 1
    assert "one-layer: changed since it was added" in output


def test_weights_of_metrics_and_encoders_are_listed(bench):
    code, output = bench("weights", "list")
    assert code == 0
    flat = " ".join(output.split())
    assert "metric vgg_top1 no" in flat
    assert "vgg16-397923af.pth" in "".join(output.split())
    for name in ("resnet34", "vgg16_bn", "mobilenetv2_100", "tf_efficientnet_lite0", "inception_resnet_v2"):
        assert f"{name} no " in flat
