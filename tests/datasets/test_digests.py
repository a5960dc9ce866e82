import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from huebench.datasets.digests import SETTLED, cache_folder, digests, file_stamp, reread
from huebench.files import file_digest

OLD = (3, 10**18, 10**18, 7)
"""A stamp long settled."""


class Counting:
    def __init__(self):
        self.asked = []

    def __call__(self, key):
        self.asked.append(key)
        return "" if key == "unreadable" else hashlib.sha256(key.encode()).hexdigest()


def test_file_digest_is_hashlibs(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 300_000)
    assert file_digest(path) == hashlib.sha256(b"x" * 300_000).hexdigest()
    assert file_digest(tmp_path / "none") == ""
    status = path.stat()
    assert file_stamp(path) == (300_000, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def test_each_photo_is_digested_once(tmp_path):
    compute = Counting()
    stamps = {"b": OLD, "a": OLD}
    first = digests(tmp_path, stamps.items(), compute)
    assert digests(tmp_path, stamps.items(), compute) == first
    assert list(first) == ["b", "a"]
    assert sorted(compute.asked) == ["a", "b"]


def test_only_changed_files_are_hashed_again(tmp_path):
    compute = Counting()
    digests(tmp_path, {"a": OLD, "b": OLD, "c": OLD}.items(), compute)
    compute.asked.clear()
    found = digests(
        tmp_path, {"a": OLD, "b": (4, *OLD[1:]), "c": (3, OLD[1] + 1, *OLD[2:]), "d": OLD}.items(), compute
    )
    assert sorted(compute.asked) == ["b", "c", "d"]
    assert list(found) == ["a", "b", "c", "d"]


def test_unreadable_and_too_recent_files_are_not_remembered(tmp_path):
    compute = Counting()
    stamps = {"unreadable": OLD, "young": (1, OLD[1], time.time_ns() - SETTLED // 2, 7), "old": OLD}
    digests(tmp_path, stamps.items(), compute)
    compute.asked.clear()
    assert digests(tmp_path, stamps.items(), compute)["unreadable"] == ""
    assert sorted(compute.asked) == ["unreadable", "young"]


def test_a_photo_of_the_same_size_and_date_is_read_again(tmp_path):
    path = tmp_path / "a"
    stamps = []
    for content in (b"one", b"two"):
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        os.utime(path, (1, 1))
        stamps.append(file_stamp(path))
    assert stamps[0][:2] == stamps[1][:2]
    assert stamps[0] != stamps[1]


def test_roots_do_not_share(tmp_path):
    compute = Counting()
    digests(tmp_path / "one", {"a": OLD}.items(), compute)
    digests(tmp_path / "two", {"a": OLD}.items(), compute)
    assert compute.asked == ["a", "a"]


def test_reread_ignores_remembered_digests(tmp_path):
    compute = Counting()
    digests(tmp_path, {"a": OLD}.items(), compute)
    with reread():
        digests(tmp_path, {"a": OLD}.items(), compute)
    digests(tmp_path, {"a": OLD}.items(), compute)
    assert compute.asked == ["a", "a"]


@pytest.mark.parametrize("damage", ["", "[]", '{"a": 1}', '{"a": [1, 2]}', "\0"])
def test_a_damaged_cache_is_ignored(tmp_path, damage):
    compute = Counting()
    first = digests(tmp_path, {"a": OLD}.items(), compute)
    (file,) = (cache_folder() / "digests").iterdir()
    file.write_text(damage)
    assert digests(tmp_path, {"a": OLD}.items(), compute) == first
    assert compute.asked == ["a", "a"]


def test_digests_work_without_a_writable_cache(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path / "file"))
    assert digests(tmp_path, {"a": OLD}.items(), Counting())["a"]


def test_cache_folder_defaults_to_the_users(monkeypatch):
    assert cache_folder() == Path(os.environ["HUEBENCH_CACHE"])
    monkeypatch.delenv("HUEBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder().name == "huebench"


OFTEN = """
import sys
from pathlib import Path
from huebench.datasets.digests import digests, reread
stamps = [(str(n), (3, 10**18, 10**18, 7)) for n in range(200)]
for _ in range(20):
    with reread():
        digests(Path(sys.argv[1]), stamps, lambda key: key * 3)
"""


def test_two_processes_leave_a_whole_cache(tmp_path):
    processes = [subprocess.Popen([sys.executable, "-c", OFTEN, str(tmp_path)]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    compute = Counting()
    assert digests(tmp_path, {"7": OLD}.items(), compute) == {"7": "777"}
    assert compute.asked == []
    assert [file.suffix for file in (cache_folder() / "digests").iterdir()] == [".json"]
