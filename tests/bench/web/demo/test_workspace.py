import os
import stat
import time

from huebench.bench.web.demo import workspace as module
from huebench.bench.web.demo.workspace import remove_old, workspace


def test_the_folder_is_private_and_gone_at_the_end():
    with workspace(600) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "uploads").mkdir()
        (folder / "uploads" / "a.png").write_bytes(b"photo")
    assert not folder.exists()
    assert list(folder.parent.iterdir()) == []


def test_old_files_are_removed_and_folders_that_are_then_empty(tmp_path):
    for name in ("old/a.png", "mixed/old.png", "mixed/new.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"photo")
    for path in tmp_path.rglob("*"):
        if path.name != "new.png":
            os.utime(path, (0, time.time() - 100))
    remove_old(tmp_path, 50)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == [
        "mixed", "mixed/new.png", "old",
    ]  # fmt: skip
    os.utime(tmp_path / "old", (0, 0))
    remove_old(tmp_path, 50)
    assert not (tmp_path / "old").exists()


def test_a_link_is_removed_and_not_followed(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.png").write_bytes(b"photo")
    os.utime(tmp_path / "outside" / "a.png", (0, 0))
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "outside")
    os.utime(inside / "link", (0, 0), follow_symlinks=False)
    remove_old(inside, 50)
    assert list(inside.iterdir()) == []
    assert (tmp_path / "outside" / "a.png").exists()


def test_files_are_removed_while_the_server_runs(monkeypatch):
    monkeypatch.setattr(module, "EVERY", 0.05)
    with workspace(600) as folder:
        path = folder / "a.png"
        path.write_bytes(b"photo")
        os.utime(path, (0, 0))
        deadline = time.monotonic() + 8
        while path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not path.exists()


def test_the_folder_of_a_killed_server_is_removed_and_that_of_a_running_one_stays():
    with workspace(600) as running:
        (running / "a.png").write_bytes(b"photo")
        killed = running.parent / "0123"
        killed.mkdir()
        (killed / "b.png").write_bytes(b"photo")
        killed.with_suffix(".lock").touch()
        with workspace(600):
            assert not killed.exists()
            assert not killed.with_suffix(".lock").exists()
            assert (running / "a.png").exists()
