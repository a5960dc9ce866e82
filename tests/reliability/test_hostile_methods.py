"""Whatever a method does, it costs its own row and nothing else."""

import re
import sys

import pandas as pd
import pytest

from huebench.reports.tables import read_results

from .conftest import TINY, ZEROS, marked_processes

FORK = "subprocess.Popen(['sleep', '600'], start_new_session=True)"
DAEMON = "os.fork() or (os.setsid(), os.fork() and os._exit(0), time.sleep(600))"

HOSTILE = {
    "raises": (
        "raise RuntimeError('no colour')",
        "failed",
        "colorize",
        "RuntimeError: no colour",
    ),
    "hangs": ("time.sleep(600)", "timeout", "colorize", "did not end within 20 s"),
    "exits": ("os._exit(3)", "failed", "colorize", "ended with exit code 3 and no result"),
    "quits": ("sys.exit(4)", "failed", "colorize", "SystemExit: 4"),
    "segfaults": ("ctypes.string_at(0)", "failed", "colorize", "killed by SIGSEGV"),
    "signals": ("os.kill(os.getpid(), 40)", "failed", "colorize", "killed by signal 40"),
    "nibbles": (
        "eaten = []\n        while True: eaten.append(np.ones(1 << 20))",
        "out-of-memory",
        "colorize",
        "Unable to allocate",
    ),
    "feeds-children": (
        "[os.fork() or [bytearray(300 << 20), time.sleep(600)] for _ in range(4)]; time.sleep(600)",
        "out-of-memory",
        "colorize",
        "--max-memory allows 1000",
    ),
    "nan": (ZEROS + " * np.float32('nan')", "failed", "colorize", "non-finite values"),
    "wrong-shape": (
        "return np.zeros(3, np.float32)",
        "failed",
        "colorize",
        "returned shape (3,)",
    ),
    "wrong-dtype": (ZEROS.replace("float32", "float64"), "failed", "colorize", "returned float64"),
    "chatty": ("print('blah ' * 20_000_000); raise ValueError('at last')", "failed", "colorize", "at last"),
    "lingers": (f"{FORK}; {DAEMON}; {ZEROS}", "ok", None, None),
    "lingers-and-dies": (f"{FORK}; {DAEMON}; os._exit(5)", "failed", "colorize", "exit code 5"),
}


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and marks are read from /proc")
def test_each_hostile_method_is_one_row_and_the_others_numbers_stay(photos, methods_file, bench, tmp_path):
    plugin = methods_file(**{name.replace("-", "_"): body for name, (body, *_) in HOSTILE.items()})
    arguments = ("run", *TINY, "--plugin", plugin, "--jobs", 2, "--timeout", 20, "--max-memory", "1000MiB")
    code, output = bench(*arguments, "--methods", ",".join(["mean-ab", *HOSTILE, "gray"]))
    assert code == 1, output
    hostile = read_results(tmp_path / "out")
    rows = hostile.cells.set_index("method")
    assert list(rows.index) == ["mean-ab", *HOSTILE, "gray"]
    for name, (_, status, phase, reason) in HOSTILE.items():
        assert rows.loc[name, "status"] == status, rows.loc[name, "reason"]
        if status != "ok":
            assert rows.loc[name, "phase"] == phase
            assert reason in rows.loc[name, "reason"]
            assert rows.loc[name, "scored"] == 0
    assert not marked_processes(tmp_path)
    assert "in colorize" in rows.loc["hangs", "traceback"]
    frames = [line for line in rows.loc["hangs", "traceback"].splitlines() if 'File "' in line]
    assert all(re.fullmatch(r'  File "[^"]+", line \d+ in \S+', line) for line in frames), frames  # not mixed
    assert "in colorize" in rows.loc["segfaults", "traceback"]
    assert (tmp_path / "out" / rows.loc["chatty", "log"]).stat().st_size < 1 << 20

    code, output = bench(
        "run", *TINY[:-1], "alone", "--plugin", plugin, "--methods", "mean-ab,gray", "--max-memory", "1GiB"
    )
    assert code == 0, output
    kept = hostile.images[hostile.images["method"].isin(["mean-ab", "gray"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, read_results(tmp_path / "alone").images, check_exact=True)
