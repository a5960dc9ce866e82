"""The downloader against a real HTTP server on the loopback, with its failures."""

import hashlib
import http.server
import threading

import numpy as np
import pytest

from huebench import UserError
from huebench.datasets import download as module
from huebench.datasets.base import Archive
from huebench.datasets.download import download

CONTENT = np.random.default_rng(7).bytes(3_000_000)


class Server(http.server.ThreadingHTTPServer):
    """Serves `CONTENT`; notes the ranges asked for."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges = []
        self.stop_after = []  # bytes after which the connection of the next requests breaks
        self.resumes = True
        self.status = 200
        self.content = CONTENT
        self.stated = ""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        """Answer as the Hugging Face hub does: the ETag of a large file is its SHA-256."""
        self.send_response(self.server.status)
        self.send_header("X-Linked-ETag", f'"{self.server.stated}"')
        self.send_header("X-Linked-Size", str(len(self.server.content)))
        self.end_headers()

    def do_GET(self):
        server = self.server
        asked = self.headers.get("Range")
        server.ranges.append(asked)
        if server.status != 200:
            self.send_error(server.status)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and server.resumes else 0
        if start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:]
        self.send_response(206 if asked and server.resumes else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: server.stop_after.pop(0)] if server.stop_after else body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def archive(server):
    checksum = f"md5:{hashlib.md5(CONTENT).hexdigest()}"  # noqa: S324  # the checksum that MIRFLICKR publishes
    return Archive(f"http://127.0.0.1:{server.server_port}/a.zip", "a.zip", checksum, len(CONTENT))


@pytest.fixture
def told():
    return []


@pytest.fixture
def get(archive, tmp_path, told):
    return lambda **changes: download(
        Archive(**(vars(archive) | changes)), tmp_path / "data", lambda *numbers: told.append(numbers)
    )


def test_download_in_one_go(get, server, told, tmp_path):
    path = get()
    assert path == tmp_path / "data" / "a.zip"
    assert path.read_bytes() == CONTENT
    assert [file.name for file in path.parent.iterdir()] == ["a.zip"]
    assert told[-1] == (3_000_000, 3_000_000)
    assert all(done <= total == 3_000_000 for done, total in told)
    assert server.ranges == [None]


def test_existing_file_is_not_downloaded_again(get, server):
    get()
    get()
    assert server.ranges == [None]


def test_broken_connections_are_resumed(get, server, told):
    server.stop_after = [1_200_000, 1_100_000]
    assert get().read_bytes() == CONTENT
    assert server.ranges[0] is None
    starts = [int(asked[6:-1]) for asked in server.ranges[1:]]
    assert len(starts) == 2
    assert 0 < starts[0] <= 1_200_000
    assert starts[0] < starts[1] <= 2_300_000
    assert told[-1] == (3_000_000, 3_000_000)


def test_partial_download_is_resumed_by_the_next_run(get, server, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.zip.partial").write_bytes(CONTENT[:2_000_000])
    assert get().read_bytes() == CONTENT
    assert server.ranges == ["bytes=2000000-"]


def test_server_that_cannot_resume_sends_the_whole(get, server, told, tmp_path):
    server.resumes = False
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.zip.partial").write_bytes(b"stale" * 100)
    assert get().read_bytes() == CONTENT
    assert told[-1] == (3_000_000, 3_000_000)


def test_part_that_is_too_long_is_dropped(get, server, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.zip.partial").write_bytes(CONTENT + b"more")
    assert get().read_bytes() == CONTENT
    assert server.ranges == ["bytes=3000004-", None]


def test_wrong_checksum_keeps_nothing(get, tmp_path):
    with pytest.raises(
        UserError, match="does not match md5:0000: it is damaged or another version and was not kept"
    ):
        get(checksum="md5:0000")
    assert list((tmp_path / "data").iterdir()) == []


def test_part_of_another_version_fails_the_checksum_and_is_replaced(get, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.zip.partial").write_bytes(b"x" * 1000)
    with pytest.raises(UserError, match="was not kept; try again, or download"):
        get()
    assert get().read_bytes() == CONTENT


def test_existing_file_with_a_wrong_checksum_is_left_alone(get, server, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.zip").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"a\.zip' does not match md5:.*: remove it"):
        get()
    assert (tmp_path / "data" / "a.zip").read_bytes() == b"mine"
    assert server.ranges == []


def test_refusals_are_not_retried(get, server):
    server.status = 404
    with pytest.raises(UserError, match=r"cannot be downloaded \(404 .*by hand and put it at '.*a\.zip'"):
        get()
    assert len(server.ranges) == 1


def test_server_errors_are_retried(get, server):
    server.status = 503
    with pytest.raises(UserError, match="503"):
        get()
    assert len(server.ranges) == module.ATTEMPTS


def test_partial_download_survives_failure(get, server, tmp_path):
    server.stop_after = [1_100_000] + [0] * 10
    with pytest.raises(UserError, match="run the same command to resume"):
        get()
    assert CONTENT.startswith((tmp_path / "data" / "a.zip.partial").read_bytes())
    server.stop_after = []
    assert get().read_bytes() == CONTENT


def test_unreachable_server_is_reported(get):
    with pytest.raises(UserError, match="cannot be downloaded"):
        get(url="http://127.0.0.1:9/a.zip")


def test_folder_that_is_a_file_is_refused(get, server, tmp_path):
    (tmp_path / "data").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"data' cannot be made \(.*\): name a folder for a\.zip"):
        get()
    assert (tmp_path / "data").read_bytes() == b"mine"
    assert server.ranges == []
