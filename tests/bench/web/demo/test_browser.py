"""The whole way: ``bench demo`` in a process of its own, and a person with a scan in a browser."""

import io
import re
import signal
import subprocess
import sys
import zipfile
from urllib.parse import urlsplit

import numpy as np
import pytest
import skimage.data
from PIL import Image

pytest.importorskip("gradio", reason="needs the extra 'demo'")
pytestmark = pytest.mark.slow

BENCH = [sys.executable, "-m", "huebench.bench"]
METHODS = "huebench-small,histogram-matching,color-transfer-reinhard"
VIEWS = [
    pytest.param(
        {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}, id=f"{width}-{scheme}"
    )
    for width in (1300, 390)
    for scheme in ("light", "dark")
]


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """A scan with 16 bits, and a file that only looks like one."""
    folder = tmp_path_factory.mktemp("scans")
    grey = np.asarray(Image.fromarray(skimage.data.astronaut()).convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(folder / "scan.tif")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nonsense")
    return [str(folder / "scan.tif"), str(folder / "broken.jpg")]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A small run of two methods."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    command = ["run", "--methods", "gray,pixel-knn,color-transfer-reinhard", "--limit", "4", "--size", "32"]
    subprocess.run(
        [*BENCH, *command, "--metrics", "auc", "--out", str(folder)], check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="module")
def serve():
    """Start servers; return each with its address."""
    servers = []

    def start(*arguments):
        command = [*BENCH, "demo", "--port", "0", *map(str, arguments)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        servers.append(server)
        lines = []
        for line in iter(server.stdout.readline, ""):
            lines.append(line)
            if match := re.search(r"demo: (\S+)", line):
                return server, match[1]
        raise AssertionError("".join(lines))

    yield start
    for server in servers:
        server.kill()
        server.communicate()


@pytest.fixture(scope="module")
def address(serve):
    """The address of a page with three methods."""
    return serve("--method", METHODS, "--max-megabytes", 1)[1]


@pytest.fixture
def visit(open_page, scans):
    """Open a page and drop the scans on it; return the page and all addresses that it asks for."""

    def go(address, **options):
        page, _ = open_page("about:blank", **options)
        asked = []
        page.context.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.locator("#photos input[type=file]").set_input_files(scans)
        page.locator("#photos").get_by_text("scan").first.wait_for()
        return page, asked

    return go


def finish(page, button):
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_text("made.").wait_for(timeout=60_000)


def cut(page):
    """Return how much of the original the slider shows, in percent."""
    style = page.locator("#slider img").nth(1).get_attribute("style")
    return float(re.search(r"inset\(0px 0px 0px ([\d.]+)%", style)[1])


@pytest.mark.parametrize("view", VIEWS)
def test_a_scan_by_three_methods_is_compared_and_downloaded(address, visit, accessibility_faults, view):
    page, asked = visit(address, **view)
    page.get_by_role("button", name="Settings").click()
    assert accessibility_faults(page) == []
    finish(page, "All methods")
    assert "3 pictures made." in page.locator("#status").inner_text()
    assert page.locator("#status").inner_text().count("broken.jpg was not colorized") == 1
    page.locator("#grid img").nth(3).wait_for()
    assert page.locator("#grid img").count() == 4
    assert accessibility_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.locator("#grid button").nth(2).click()
    page.get_by_text("histogram-matching: scan.tif").first.wait_for()
    handle = page.locator("#slider").get_by_role("slider")
    before = cut(page)
    box = handle.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert cut(page) > before + 5
    handle.focus()
    page.keyboard.press("Home")
    page.wait_for_function("() => document.querySelector('#slider [role=slider]').ariaValueNow === '0'")
    assert cut(page) == pytest.approx(0, abs=1)

    with page.expect_download() as download:
        page.locator("#archive").click()
    content = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    names = METHODS.split(",")
    assert content.namelist() == [*(f"{name}/scan.tif" for name in names), "colorized.csv"]
    for name in names:
        with Image.open(io.BytesIO(content.read(f"{name}/scan.tif"))) as photo:
            assert photo.size == (512, 512)
            assert photo.tag_v2[258] == (16, 16, 16)
    elsewhere = {url for url in asked if urlsplit(url).scheme not in ("data", "blob")}
    assert {urlsplit(url).netloc for url in elsewhere} == {urlsplit(address).netloc}


def test_a_file_that_is_too_large_is_one_message(address, open_page, tmp_path):
    page, _ = open_page(address)
    (tmp_path / "large.png").write_bytes(bytes(2**20 + 1))
    page.locator("#photos input[type=file]").set_input_files(str(tmp_path / "large.png"))
    page.get_by_text("maximum allowed size").wait_for()
    page.get_by_role("button", name="Colorize", exact=True).click()
    page.get_by_text("Drop a photo first.").wait_for()


def test_a_visitor_of_a_run_keeps_a_favourite_and_nothing_else_stays(serve, run_folder, visit, tmp_path):
    server, address = serve("--from", run_folder)
    page, _ = visit(address)
    assert page.locator("#methods").inner_text().splitlines()[1].startswith(("pixel-knn (AuC", "color-tr"))
    finish(page, "All methods")
    page.get_by_role("button", name="Keep as favourite").click()
    page.get_by_role("button", name="Kept: ").wait_for()
    page.close()
    server.send_signal(signal.SIGINT)
    output, _ = server.communicate(timeout=60)
    assert server.returncode == 0, output
    assert "Traceback" not in output
    shown = subprocess.run(
        [*BENCH, "study", str(run_folder), "--results"], check=True, capture_output=True, text=True
    )
    assert shown.stdout.count("favourite in 1 of 1 comparison") == 1
    assert shown.stdout.count("favourite in 0 of 1 comparison") == 1
