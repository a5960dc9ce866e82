import socket
import subprocess
import sys

import pytest


def test_a_port_that_is_taken_is_named(bench):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, output = bench("demo", "--method", "warm", "--port", port)
    assert code == 2
    assert f"port {port}" in output


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--model", "x", "--method", "gray"], "leave out --method and --from"),
        (["--keep", "1", "--max-seconds", "61"], "results would be deleted while they are made"),
        (["--model", "missing.onnx"], "no such file or folder"),
    ],
)
def test_options_that_contradict_each_other_are_refused(bench, arguments, text):
    code, output = bench("demo", *arguments)
    assert code == 2
    assert text in output
    assert "Traceback" not in output


def test_the_help_is_shown_without_importing_gradio():
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "huebench.bench", "demo", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Colours are guesses" in shown.stdout
    assert "huebench.bench.cli" in shown.stderr
    assert "gradio" not in shown.stderr
