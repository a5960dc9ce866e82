"""Fetching of weights from a real server on the loopback, with its failures."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from huebench import UserError
from huebench.methods.pretrained import fetch as module
from huebench.methods.pretrained import hub
from huebench.methods.pretrained.checkpoint import Source
from huebench.methods.pretrained.fetch import fetch

NOBODY = "http://127.0.0.1:9/w.pth"


def silent(done: int, total: int) -> None:
    """Report nothing."""


def fetched(checkpoint, folder, server) -> None:
    assert fetch(checkpoint, silent) == folder / checkpoint.file
    assert (folder / checkpoint.file).read_bytes() == server.content
    assert not list(folder.glob("*.partial"))


def test_weights_are_fetched_with_a_record(publish, folder, server):
    checkpoint = publish()
    fetched(checkpoint, folder, server)
    record = json.loads((folder / "one-layer.pth.json").read_text())
    assert record["licence"] == "CC0"
    assert record["sha256"] == checkpoint.sources[0].sha256
    assert record["url"] == checkpoint.sources[0].url
    assert record["licence accepted"].startswith("20")
    assert len(server.ranges) == 1
    fetched(checkpoint, folder, server)
    assert len(server.ranges) == 1, "a file that is there is not fetched again"


def test_a_cut_connection_is_resumed(publish, folder, server):
    server.stop_after = [1_500_000]
    fetched(publish(), folder, server)
    assert [asked is None for asked in server.ranges] == [True, False]
    assert 0 < int(server.ranges[1].removeprefix("bytes=").removesuffix("-")) <= 1_500_000


def test_the_next_command_resumes_what_an_earlier_one_left(publish, folder, server):
    checkpoint = publish()
    server.stop_after = [1_200_000] + [0] * 4
    with pytest.raises(UserError, match=r"cannot be fetched .* Run the same command to resume"):
        fetch(checkpoint, silent)
    assert len(list(folder.glob("*.partial"))) == 1
    fetched(checkpoint, folder, server)
    assert server.ranges[-1].startswith("bytes=")


def test_a_mirror_is_asked_if_the_first_source_is_gone(publish, folder, server):
    sources = publish().sources
    fetched(publish(Source(NOBODY, sources[0].sha256), *sources), folder, server)
    assert json.loads((folder / "one-layer.pth.json").read_text())["url"] == sources[0].url


def test_a_wrong_digest_is_not_kept(publish, folder, server):
    checkpoint = publish()
    server.content = server.content[:-1] + b"?"
    with pytest.raises(
        UserError, match=r"does not have the published SHA-256, and was not kept.* --name one-lay"
    ):
        fetch(checkpoint, silent)
    assert not [path for path in folder.iterdir() if not path.name.startswith(".")]


def test_without_a_known_digest_the_entries_decide(publish, folder, server):
    checkpoint = publish(Source(publish().sources[0].url))
    fetched(checkpoint, folder, server)
    (folder / checkpoint.file).unlink()
    server.content = b"<html>too many people have fetched this file</html>"
    with pytest.raises(UserError, match=r"was not kept: weights .* cannot be read"):
        fetch(checkpoint, silent)
    assert not (folder / checkpoint.file).exists()


@pytest.fixture
def on_the_hub(publish, server, monkeypatch):
    """Publish weights of which only the hub states the digest."""
    server.stated = hashlib.sha256(server.content).hexdigest()
    url = publish().sources[0].url
    monkeypatch.setattr(hub, "HUB", url.removesuffix("w.pth"))
    return publish(Source(url))


def test_the_digest_that_the_hub_states_is_compared(on_the_hub, folder, server):
    fetched(on_the_hub, folder, server)
    (folder / on_the_hub.file).unlink()
    server.stated = "0" * 64
    with pytest.raises(UserError, match="does not have the published SHA-256, and was not kept"):
        fetch(on_the_hub, silent)
    assert not (folder / on_the_hub.file).exists()


def test_a_hub_without_the_file_is_reported(on_the_hub, folder, server):
    server.status = 404
    with pytest.raises(UserError, match=r"w\.pth cannot be fetched .*Run the same command"):
        fetch(on_the_hub, silent)
    assert server.ranges == []


def test_a_full_disk_is_reported_at_once(publish, folder, server):
    checkpoint = publish()
    module._partial(folder / checkpoint.file, checkpoint.sources[0]).symlink_to("/dev/full")
    with pytest.raises(UserError, match="is full: free some space and run the same command"):
        fetch(checkpoint, silent)
    assert len(server.ranges) == 1


def test_too_little_space_is_reported_before_anything_is_fetched(publish, server):
    url = publish().sources[0].url
    with pytest.raises(UserError, match=r"MB free, and 1,000,000,000,000 MB are needed"):
        fetch(publish(Source(url, "0" * 64, 10**18)), silent)
    assert server.ranges == []


def test_two_at_once_fetch_one_file(publish, folder, server):
    checkpoint = publish()
    with ThreadPoolExecutor() as pool:
        paths = list(pool.map(lambda _: fetch(checkpoint, silent), range(2)))
    assert paths == [folder / checkpoint.file] * 2
    assert len(server.ranges) == 1


def test_another_file_of_that_name_is_not_replaced(publish, folder):
    checkpoint = publish()
    (folder / checkpoint.file).write_bytes(b"mine")
    with pytest.raises(UserError, match="does not have the published SHA-256: remove it"):
        fetch(checkpoint, silent)
    assert (folder / checkpoint.file).read_bytes() == b"mine"


def test_a_folder_that_cannot_be_written_is_reported(publish, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/read-only")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(UserError, match="'/read-only' cannot be written: name another folder"):
        fetch(publish(), silent)
