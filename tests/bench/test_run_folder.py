"""Errors while a run folder is locked are blamed on the folder only if they concern it."""

import errno

import pytest
from PIL import UnidentifiedImageError

from huebench import UserError
from huebench.bench.run import run_folder


def hold(folder, error, **given):
    with run_folder(folder, **given):
        raise error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_is_reported(tmp_path, number):
    with pytest.raises(UserError, match=r"cannot be written: .*; free some space or make it writable;"):
        hold(tmp_path, OSError(number, "no more"))
    with pytest.raises(UserError, match="make it writable or choose another --out; the same"):
        hold(tmp_path, OSError(number, "no more"), otherwise="choose another --out")


def test_a_run_folder_that_is_a_file_is_reported(tmp_path):
    (tmp_path / "out").touch()
    with (
        pytest.raises(UserError, match=r"run folder '.*out' cannot be written: it is a file; choose another"),
        run_folder(tmp_path / "out", otherwise="choose another --out"),
    ):
        pass


def test_a_file_of_the_folder_is_its_own(tmp_path):
    with pytest.raises(UserError, match=r"cannot be written: .*report\.md"):
        hold(tmp_path, IsADirectoryError(errno.EISDIR, "Is a directory", str(tmp_path / "report.md")))


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied", "/elsewhere/cache"),
        UnidentifiedImageError("cannot identify image file"),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
    ],
)
def test_errors_outside_the_folder_stay_unchanged(tmp_path, error):
    with pytest.raises(type(error)) as caught:
        hold(tmp_path, error)
    assert caught.value is error


def test_a_locked_folder_is_reported(tmp_path):
    with run_folder(tmp_path), pytest.raises(UserError, match=r"another run is using .*; wait for it$"):
        hold(tmp_path, AssertionError())
