"""The comparison: the page in a browser, and the contact sheet."""

import pytest
from matplotlib import font_manager
from PIL import Image, ImageFont

from huebench.bench.colorize import compare

NASTY = '<img src=x onerror=alert(1)> & "quotes".png'


@pytest.fixture
def comparison(bench, tmp_path, grey):
    (tmp_path / "scans").mkdir()
    for name in ("a.png", NASTY):
        Image.fromarray(grey).save(tmp_path / "scans" / name)
    code, output = bench("colorize", "scans", "--method", "warm,gray", "--compare")
    assert code == 0, output
    return tmp_path / "colorized"


@pytest.mark.parametrize("width", [1300, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_in_a_browser(comparison, open_page, accessibility_faults, width, scheme):
    page, problems = open_page(
        (comparison / "index.html").as_uri(), viewport={"width": width, "height": 900}, color_scheme=scheme,
        offline=True,
    )  # fmt: skip
    assert page.locator("figure").count() == 4
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    slider = page.locator("input").first
    slider.fill("80")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.picture .after')).clipPath")
        == "inset(0px 0px 0px 80%)"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert NASTY in page.locator("h2").all_text_contents()
    assert accessibility_faults(page) == []
    assert problems == []


def test_page_refers_to_nothing_elsewhere(comparison):
    text = (comparison / "index.html").read_text()
    assert "http:" not in text
    assert "https:" not in text
    assert text.count('src="data:image/jpeg;base64,') == 8


def test_contact_sheet_shows_original_and_answers(comparison, grey):
    with Image.open(comparison / "contact-sheet.jpg") as sheet:
        middle = [sheet.getpixel((12 + column * 252 + 110, 42 + 80)) for column in range(3)]
    spreads = [max(colour) - min(colour) for colour in middle]
    assert spreads[0] <= 4
    assert spreads[1] > 20
    assert spreads[2] <= 4


def test_photo_with_the_name_of_the_sheet_is_not_replaced_by_it(bench, tmp_path, grey):
    Image.fromarray(grey).save(tmp_path / "contact-sheet.jpg")
    code, output = bench("colorize", "contact-sheet.jpg", "--method", "warm", "--compare", "--overwrite")
    assert code == 2
    assert "is a colorized photo and is kept: rename its original" in output
    with Image.open(tmp_path / "colorized" / "contact-sheet.jpg") as photo:
        assert photo.size == grey.shape[::-1]


def test_comparison_is_written_anew_but_no_other_page_is_overwritten(comparison, bench):
    assert bench("colorize", "scans", "--method", "warm,gray")[0] == 0
    (comparison / "index.html").write_text("<p>my own page</p>")
    code, output = bench("colorize", "scans", "--method", "warm,gray")
    assert code == 2
    assert "is not a comparison and is kept" in output
    assert (comparison / "index.html").read_text() == "<p>my own page</p>"


def test_many_photos_make_several_pages(bench, tmp_path, grey, monkeypatch, open_page, accessibility_faults):
    monkeypatch.setattr("huebench.bench.colorize.compare.PAGE", 2)
    (tmp_path / "scans").mkdir()
    for i in range(5):
        Image.fromarray(grey[:60, :80]).save(tmp_path / "scans" / f"{i}.png")
    code, output = bench("colorize", "scans", "--method", "warm", "--compare")
    assert code == 0, output
    out = tmp_path / "colorized"
    assert sorted(path.name for path in out.glob("*.html")) == ["index-2.html", "index-3.html", "index.html"]
    assert sorted(path.name for path in out.glob("*.jpg")) == [
        "contact-sheet-2.jpg", "contact-sheet-3.jpg", "contact-sheet.jpg",
    ]  # fmt: skip
    page, problems = open_page((out / "index.html").as_uri(), viewport={"width": 390, "height": 900})
    assert page.locator("h2").all_text_contents() == ["0.png", "1.png"]
    assert accessibility_faults(page) == []
    page.locator("nav a").nth(2).click()
    assert page.locator("h2").all_text_contents() == ["4.png"]
    assert page.locator("nav [aria-current]").inner_text() == "3"
    assert problems == []


def test_long_headings_break_into_lines():
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), compare._TEXT)
    lines = compare._wrapped("color-transfer-reinhard reference=ac6954b3", font)
    assert lines == ["color-transfer-reinhard", "reference=ac6954b3"]
    assert compare._wrapped("gray", font) == ["gray"]
