"""A published method with one small layer, whose weights are served from the loopback."""

import hashlib
import io
import threading

import pytest
import torch

from huebench.datasets import download
from huebench.methods.base import MethodInfo, methods
from huebench.methods.pretrained.checkpoint import Checkpoint, Source
from huebench.methods.pretrained.method import PublishedMethod

from ...datasets.test_download import Server

CHANNELS = 400
"""The layer's channels: its weights are two and a half MB, three chunks of a download."""


class OneLayer(PublishedMethod):
    """A published method for tests."""

    info = MethodInfo(name="one-layer", family="published", source="a test", seeded=False, all_threads=True)
    side = 8

    def build_network(self):
        return torch.nn.Conv2d(CHANNELS, CHANNELS, 2, bias=False)

    def colorize_photo(self, lightness, run, side, hints=None):
        raise NotImplementedError


def content_of(state) -> bytes:
    stream = io.BytesIO()
    torch.save(state, stream)
    return stream.getvalue()


@pytest.fixture
def server(monkeypatch):
    """A server of the weights; a pause between attempts takes no time."""
    monkeypatch.setattr(download.time, "sleep", lambda _: None)
    torch.manual_seed(0)
    with Server() as server:
        server.content = content_of(OneLayer().build_network().state_dict())
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def folder(monkeypatch, tmp_path):
    (tmp_path / "weights").mkdir()
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def publish(server, monkeypatch, folder):
    """Return a function that registers the method with sources; by default the server, with the digest."""

    def register(
        *sources: Source, name: str = "one-layer", file: str = "one-layer.pth", more=()
    ) -> Checkpoint:
        digest = hashlib.sha256(server.content).hexdigest()
        url = f"http://127.0.0.1:{server.server_port}/w.pth"
        found = sources or (Source(url, digest, len(server.content)),)
        checkpoint = Checkpoint(name, file, "one-layer", found, "CC0", "https://example.org/one-layer")
        monkeypatch.setattr(OneLayer, "checkpoints", {"auto": checkpoint, **dict(more)}, raising=False)
        monkeypatch.setitem(methods._items, "one-layer", OneLayer)
        return checkpoint

    methods.discover()
    return register
