"""The whole way: ``bench demo`` in a process of its own, and people with a scan in a browser."""

import io
import re
import signal
import subprocess
import sys
import zipfile
from itertools import product
from urllib.parse import urlsplit

import numpy as np
import pytest
import skimage.data
from PIL import Image

from huebench.bench.web.study.votes import favourites

pytest.importorskip("gradio", reason="needs the extra 'demo'")

BENCH = [sys.executable, "-m", "huebench.bench"]
METHODS = {"histogram-matching", "color-transfer-reinhard", "pixel-knn"}


@pytest.fixture
def scans(tmp_path):
    """A scan with 16 bits, and a file that only looks like one."""
    grey = np.asarray(Image.fromarray(skimage.data.astronaut()).convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(tmp_path / "scan.tif")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nonsense")
    return [str(tmp_path / "scan.tif"), str(tmp_path / "broken.jpg")]


@pytest.fixture
def run_folder(tmp_path):
    """A small run of three methods."""
    folder = tmp_path / "run"
    command = ["run", "--methods", ",".join(METHODS), "--limit", "2", "--size", "32", "--metrics", "auc"]
    command += ["--jobs", "2"]
    subprocess.run([*BENCH, *command, "--out", str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture
def served(run_folder):
    """Serve the methods of the run; yield the process and its address."""
    command = [*BENCH, "demo", "--port", "0", "--from", str(run_folder), "--max-megabytes", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines = iter(process.stdout.readline, "")
        yield process, next(match[1] for line in lines if (match := re.search(r"demo: (\S+)", line)))
        process.kill()


def colorize(page, scans):
    """Drop the scans, and colorize them with every method."""
    page.locator("#photos input[type=file]").set_input_files(scans)
    page.locator("#photos").get_by_text("scan").first.wait_for()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="All methods", exact=True).click()
    page.get_by_text("3 pictures made.").wait_for(timeout=60_000)
    page.locator("#grid img").nth(3).wait_for()


def share_of_the_original(page):
    """Return how much of the original the slider shows, in percent."""
    style = page.locator("#slider img").nth(1).get_attribute("style")
    return float(re.search(r"inset\(0px 0px 0px ([\d.]+)%", style)[1])


def move_slider(page):
    """Drag the slider to the right, then press a key that takes it to the left."""
    handle = page.locator("#slider").get_by_role("slider")
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = share_of_the_original(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)
    page.mouse.up()
    assert share_of_the_original(page) > before + 5
    handle.focus()
    page.keyboard.press("Home")
    page.wait_for_function("() => document.querySelector('#slider [role=slider]').ariaValueNow === '0'")
    assert share_of_the_original(page) < before


def check_archive(page):
    """Download the ZIP, and open what is in it."""
    with page.expect_download() as download:
        page.locator("#archive").click()
    content = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    assert set(content.namelist()) == {*(f"{name}/scan.tif" for name in METHODS), "colorized.csv"}
    for name in METHODS:
        with Image.open(io.BytesIO(content.read(f"{name}/scan.tif"))) as photo:
            assert photo.size == (512, 512)
            assert photo.tag_v2[258] == (16, 16, 16)


@pytest.mark.slow
def test_a_scan_is_colorized_compared_downloaded_and_voted_on(
    served, run_folder, scans, open_page, accessibility_faults, tmp_path
):
    process, address = served
    for width, scheme in product((1300, 390), ("light", "dark")):
        page, _ = open_page("about:blank", viewport={"width": width, "height": 900}, color_scheme=scheme)
        asked = []
        page.context.on("request", lambda request, asked=asked: asked.append(urlsplit(request.url)))
        page.goto(address)
        page.locator("#methods label").nth(2).wait_for()
        rows = page.locator("#methods label").all_inner_texts()
        assert {row.partition(" (")[0] for row in rows} == METHODS
        scores = [re.search(r"\(AuC (0\.\d+), \d+\.\d+ s\)", row)[1] for row in rows]
        assert scores == sorted(scores, reverse=True)
        assert accessibility_faults(page) == []
        colorize(page, scans)
        assert page.locator("#status").inner_text().count("broken.jpg was not colorized") == 1
        assert accessibility_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator("#grid button").nth(2).click()
        page.locator("#slider").get_by_role("slider").wait_for()
        move_slider(page)
        check_archive(page)
        assert {url.netloc for url in asked if url.scheme not in ("data", "blob")} == {
            urlsplit(address).netloc
        }

    page.get_by_role("button", name="Keep as favourite").click()
    page.get_by_role("button", name="Kept: ").wait_for()
    (tmp_path / "large.png").write_bytes(bytes(2**20 + 1))
    page.reload()
    page.locator("#photos input[type=file]").set_input_files(str(tmp_path / "large.png"))
    page.get_by_text("maximum allowed size").wait_for()

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "Traceback" not in output
    votes = favourites(run_folder / "study.sqlite")
    assert sorted(votes.values()) == [(0, 1), (0, 1), (1, 1)]
