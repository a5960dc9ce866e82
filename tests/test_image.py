"""The container image: the Dockerfile is clean, and where Docker is, the image is built and run."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import huebench

ROOT = Path(huebench.__file__).parent


def test_hadolint_finds_nothing():
    places = [Path(sys.executable).parent, *map(Path, sys.path)]
    found = (shutil.which("hadolint", path=each / end) for each in places for end in ("", "bin"))
    hadolint = next(filter(None, found), None) or shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("no hadolint: the extra 'dev' brings it, for Linux on x86-64")
    linted = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout


def test_the_image_gets_all_that_the_wheel_is_built_from_and_nothing_else():
    given = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    packages = {"bench", "datasets", "methods", "reports"}
    assert given == {
        *packages,
        "*.py",
        "py.typed",
        "pyproject.toml",
        "constraints.txt",
        "README.md",
        "LICENSE",
    }


@pytest.mark.long
def test_the_image_is_built_and_runs_read_only_and_without_root():
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no Docker daemon answers here; CI builds and runs the image in its job 'image'")
    subprocess.run([ROOT / ".ci" / "image"], check=True)
