import io
import logging
import os

import pytest

from huebench.bench.executors.logs import HEAD, ROW_TAIL, TAIL, copy_capped, stderr_to, tail


def copied(tmp_path, printed):
    copy_capped(io.BufferedReader(io.BytesIO(printed)), tmp_path / "log.txt")
    return (tmp_path / "log.txt").read_bytes()


@pytest.mark.parametrize("size", [0, 1, HEAD - 1, HEAD, HEAD + 1, HEAD + TAIL])
def test_a_short_log_is_kept_whole(tmp_path, size):
    printed = bytes(i % 251 for i in range(size))
    assert copied(tmp_path, printed) == printed


def test_of_a_long_log_head_and_tail_are_kept_and_the_rest_is_counted(tmp_path):
    printed = bytes(i % 251 for i in range(HEAD + 5 * TAIL))
    log = copied(tmp_path, printed)
    assert log.startswith(printed[:HEAD])
    assert log.endswith(printed[-TAIL:])
    assert len(log) < HEAD + 2 * TAIL
    before, _, after = log.partition(b"\n[... ")
    left_out = int(after.split()[0])
    kept = len(before) + len(after.partition(b" bytes left out ...]\n")[2])
    assert kept + left_out == len(printed)


def test_a_log_that_cannot_be_written_is_read_to_its_end_all_the_same(tmp_path):
    stream = io.BufferedReader(io.BytesIO(bytes(3 * HEAD)))
    copy_capped(stream, tmp_path / "missing" / "log.txt")
    assert stream.read() == b""


def test_the_tail_leaves_out_the_modules_that_python_lists_after_a_crash(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text("x" * 3 * ROW_TAIL + "\nFatal\n\nExtension modules: a, b (total: 2)\n")
    assert tail(path).endswith("\nFatal\n\n")
    assert len(tail(path)) == ROW_TAIL
    assert tail(tmp_path / "missing") == ""


def test_what_libraries_write_goes_to_a_file_and_not_to_the_terminal(tmp_path, capfd):
    log = tmp_path / "log.txt"
    with stderr_to(log):
        os.write(2, b"TIFFReadDirectory: Warning, unknown field\n")
        logging.getLogger("a.library").handle(
            logging.LogRecord("a.library", logging.WARNING, "", 0, "More samples than expected", None, None)
        )
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
    assert "TIFFReadDirectory" in log.read_text()


def test_a_log_without_a_line_leaves_no_file(tmp_path):
    with pytest.raises(ZeroDivisionError), stderr_to(tmp_path / "log.txt"):
        1 / 0  # noqa: B018
    assert not list(tmp_path.iterdir())
