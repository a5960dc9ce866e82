"""The whole way of a film: ``bench demo`` in a process of its own, and a clip in a browser."""

import re
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from ....film_files import av, decoded, pictures, sounds, write, yellow

pytest.importorskip("gradio", reason="needs the extra 'demo'")

METHODS = ("gray", "huebench-small")


@pytest.fixture
def clips(tmp_path):
    """Two clips of ten frames, one with sound, and files that are none."""
    write(tmp_path / "clip.mp4", pictures(10, 320, 240), sound=True)
    write(tmp_path / "long.mp4", pictures(120))
    (tmp_path / "broken.mp4").write_bytes((tmp_path / "clip.mp4").read_bytes()[:2000])
    (tmp_path / "notes.txt").write_text("not a film")
    return tmp_path


@pytest.fixture
def served():
    """Serve two methods; yield the process and its address."""
    command = [sys.executable, "-m", "huebench.bench", "demo", "--port", "0", "--method", ",".join(METHODS)]
    command += ["--max-film-seconds", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines = iter(process.stdout.readline, "")
        yield process, next(match[1] for line in lines if (match := re.search(r"demo: (\S+)", line)))
        process.kill()


def drop(page, path):
    """Drop a film in the place of the last one."""
    if (clear := page.locator("#film").get_by_role("button", name="Clear")).count():
        clear.click()
    page.locator("#film input[type=file]").set_input_files(str(path))


def colorize(page, path, method):
    """Colorize a film; return where the download lies."""
    drop(page, path)
    page.locator("#film").get_by_text(path.stem).first.wait_for()
    page.locator("#film-method label", has_text=method).click()
    page.get_by_role("button", name="Colorize film").click()
    page.locator("#films").get_by_text(f"{method}: {path.name}").locator("visible=true").wait_for()
    page.get_by_text("The film is made.").wait_for(timeout=60_000)
    page.wait_for_function("() => document.querySelector('#player video')?.readyState >= 2")
    with page.expect_download() as download:
        page.locator("#film-download").click()
    assert download.value.suggested_filename == path.name
    return download.value.path()


@pytest.mark.slow
def test_a_clip_is_colorized_played_and_downloaded(served, clips, open_page, accessibility_faults):
    process, address = served
    for width, scheme in ((1300, "light"), (390, "dark")):
        page, _ = open_page("about:blank", viewport={"width": width, "height": 900}, color_scheme=scheme)
        asked = []
        page.context.on("request", lambda request, asked=asked: asked.append(urlsplit(request.url)))
        page.goto(address)
        page.get_by_role("tab", name="Film").click()
        page.locator("#film-method label").nth(1).wait_for()
        assert accessibility_faults(page) == []
        method = METHODS[width == 1300]
        made = colorize(page, clips / "clip.mp4", method)
        frames = decoded(made)
        assert [(frame.width, frame.height) for frame in frames] == [(320, 240)] * 10
        assert sounds(made) == sounds(clips / "clip.mp4") != []
        with av.open(str(made)) as film:
            assert f"colorized by huebench {method}" in film.metadata["comment"]
        assert (max(map(abs, yellow(made))) > 2) == (method != "gray")
        player = page.locator("#player video").evaluate("(it) => [it.videoWidth, it.videoHeight]")
        assert player == [320, 480]
        assert accessibility_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert {url.netloc for url in asked if url.scheme not in ("data", "blob")} == {
            urlsplit(address).netloc
        }

    for name, text in {
        "broken.mp4": "broken.mp4 was not colorized: the film is incomplete",
        "long.mp4": "long.mp4 was not colorized: 4.8 s of 64×48 pixels, and the page takes up to 3 s of 2.1",
    }.items():
        drop(page, clips / name)
        page.locator("#film").get_by_text(name.partition(".")[0]).first.wait_for()
        page.get_by_role("button", name="Colorize film").click()
        page.get_by_text(text).wait_for()
        assert page.locator("#film-status p").count() == 1
        assert not page.locator("#film-download").is_visible()

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "Traceback" not in output
