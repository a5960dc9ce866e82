"""The whole way: ``bench study`` in a process of its own, a person in a browser, the report."""

import re
import signal
import subprocess
import sys

import pytest

from huebench.bench.web.study.page import COOKIE

BENCH = [sys.executable, "-m", "huebench.bench"]
CANVAS_COLOUR = """side => {
    const copy = new OffscreenCanvas(1, 1).getContext("2d");
    copy.drawImage(document.getElementById(side), 0, 0);
    return [...copy.getImageData(0, 0, 1, 1).data];
}"""
ASKED = ".answer:enabled"


@pytest.fixture
def served(make_run):
    """Serve the study of a run; yield the process, its address and its folder."""
    folder = make_run(photos=10).folder
    command = [*BENCH, "study", str(folder), "--port", "0", "--exposure", "0.1"]
    command += ["--practice", "2", "--trials", "4"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines = iter(process.stdout.readline, "")
        address = next(match[1] for line in lines if (match := re.search(r"study: (\S+)", line)))
        yield process, address, folder
        process.kill()


def real_side(page):
    return "left" if page.evaluate(CANVAS_COLOUR, "left")[0] > 150 else "right"


PHONE = {"viewport": {"width": 360, "height": 640}, "color_scheme": "dark", "has_touch": True}


@pytest.mark.slow
def test_two_people_answer_by_keyboard_and_on_a_phone_and_the_report_has_it(
    served, open_page, accessibility_faults
):
    process, address, folder = served
    page, problems = open_page(address)
    assert accessibility_faults(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for number in range(1, 7):
        page.wait_for_selector(ASKED)
        assert not page.locator("canvas.shown").count(), "photos are gone before the answer"
        fooled = number > 2
        key = {"left": "ArrowLeft", "right": "ArrowRight"}
        other = {"left": "right", "right": "left"}
        real = real_side(page)
        page.keyboard.press(key[other[real] if fooled else real])
        if number <= 2:
            page.get_by_role("status").get_by_text(f"Correct, the {real} one is real.").wait_for()
            assert page.evaluate("document.activeElement.id") == "next"
            page.keyboard.press("Enter")
        page.wait_for_selector(ASKED, state="detached")
    page.wait_for_selector("#end:not([hidden])")
    assert "in 4 of 4 pairs" in page.locator("#result").inner_text()
    assert problems == []

    phone, problems = open_page(address, **PHONE)
    assert accessibility_faults(phone) == []
    phone.get_by_role("button", name="Start").tap()
    for number in range(1, 7):
        phone.wait_for_selector(ASKED)
        if number == 1:
            assert accessibility_faults(phone) == []
            assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert phone.locator(".answer").first.bounding_box()["height"] >= 44
        phone.get_by_role("button", name=re.compile(f"{real_side(phone)} is real", re.IGNORECASE)).tap()
        if number <= 2:
            phone.get_by_role("button", name="Next pair").tap()
        phone.wait_for_selector(ASKED, state="detached")
    phone.wait_for_selector("#end:not([hidden])")
    assert "in 0 of 4 pairs" in phone.locator("#result").inner_text()
    assert problems == []

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "8 answers of 2 participants" in output
    assert not (folder / "study.sqlite-wal").exists()
    subprocess.run([*BENCH, "report", str(folder)], check=True, capture_output=True)
    report = (folder / "report.md").read_text()
    assert "2 participants saw a real photo and a colorized one, each for 0.1 s" in report


def test_a_page_that_was_left_goes_on_where_it_was(served, open_page):
    _, address, _ = served
    page, problems = open_page(address)
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector(ASKED)
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Next pair").wait_for()
    page.reload()
    page.get_by_role("button", name="Continue").click()
    assert page.locator("#count").inner_text() == "Practice 2 of 2"
    assert problems == []
    assert {cookie["name"] for cookie in page.context.cookies()} == {COOKIE}


def test_keys_before_the_question_do_not_answer(served, open_page):
    _, address, _ = served
    page, problems = open_page(address)
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector("#trial:not([hidden])")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.wait_for_selector(ASKED)
    assert page.evaluate("fetch('/state').then(answer => answer.json())")["next"] == 1
    assert problems == []


def test_a_missing_server_is_reported(served, open_page):
    process, address, _ = served
    page, _ = open_page(address)
    page.locator("#start:enabled").wait_for()
    process.kill()
    process.wait()
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Load the page again to go on").wait_for()
