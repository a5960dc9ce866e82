import re
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from huebench.reports.formats import html
from huebench.reports.formats.html_gallery import Pictures
from huebench.reports.report import make_document, write_formats, write_report

from ..conftest import Maker

METHODS = ("gray", "mean-ab", "pixel-knn", "encoder-decoder", "fusion", "oracle-lowres")
VOID = {"meta", "link", "img", "input", "br"}


class Page(HTMLParser):
    """Reads a page and notes what is loaded, whether every element is closed, and the text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.loaded, self.ids, self.links, self.text = [], [], set(), [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        self.loaded += [attributes[name] for name in ("src", "data", "srcset") if name in attributes]
        self.ids.add(attributes.get("id"))
        if tag == "a":
            self.links.append(attributes["href"])
        assert tag != "link" or attributes["href"] == "data:,", "an icon of nothing, and no other file"
        assert tag != "img" or attributes["alt"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data


def page_of(results, folder):
    return write_formats(results, folder, ["html"])[0]


def test_a_page_is_well_formed_and_loads_nothing_from_outside(maker, tmp_path):
    text = page_of(maker.run(methods=METHODS, pictures=True, failures=True, photos=20), tmp_path).read_text()
    page = Page(text)
    assert page.open == []
    assert page.loaded
    assert all(source.startswith("data:image/") for source in page.loaded)
    assert all(url.startswith(("data:", "#")) for url in re.findall(r'url\("?([^)"]+)', text))
    assert {link.removeprefix("#") for link in page.links} <= page.ids
    assert {"#results", "#gallery", "#charts", "#provenance"} <= set(page.links), "a table of contents"


def test_a_page_says_what_the_markdown_says(maker, tmp_path):
    page = Page(page_of(maker.run(methods=METHODS, failures=True, photos=20), tmp_path).read_text())
    for said in (
        "Some photos are near-grey or bordered.",
        "ValueError: loss is nan | at epoch 3 <b>",
        "weights not found",
        "Statistical significance",
        "by category",
        "bench run --methods gray mean-ab",
        "2 of 6 runs of a method failed",
    ):
        assert said in page.text


def test_both_reports_say_of_how_many_photos_pictures_were_kept_unless_of_all(maker, tmp_path):
    for photos, among in ((12, "the 4 of 12 photos whose pictures were kept"), (4, "the photos")):
        results = maker.run(methods=("gray", "fusion"), pictures=True, photos=photos, near_grey=0.0)
        said = f"The median, the best and the worst of {among}, by mean AuC"
        assert said in Page(page_of(results, tmp_path).read_text()).text
        assert said in write_report(results, tmp_path).read_text()


def test_names_from_outside_are_escaped(maker, tmp_path):
    results = maker.run(methods=("gray", "fusion"), categories=("<script>alert(1)</script>", "b"))
    for table in (results.cells, results.images, results.curves, results.accuracy_curves):
        table["method"] = table["method"].astype(str) + '"><img src=x onerror=alert(1)>'
    text = page_of(results, tmp_path).read_text()
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert Page(text).open == []


def test_the_same_run_gives_the_same_page(maker, tmp_path):
    results = maker.run(methods=METHODS[:4], pictures=True)
    pages = [page_of(results, tmp_path / name).read_bytes() for name in "ab"]
    assert pages[0] == pages[1]


def names(page):
    """Return the methods in the first table, from top to bottom, as they are shown."""
    rows = page.locator("table.results").first.locator("tbody tr:not([hidden])")
    return rows.evaluate_all("rows => rows.map(row => row.cells[0].dataset.label)")


def test_sorting_filtering_and_the_slider_work_in_chromium(maker, tmp_path, open_page):
    results = maker.run(methods=METHODS, pictures=True, photos=20)
    results.images.loc[results.images["method"] == "oracle-lowres", "psnr"] = float("inf")
    page, problems = open_page(page_of(results, tmp_path).as_uri())
    head = page.locator("table.results").first.locator("thead th")
    falling = ["oracle-lowres", "fusion", "encoder-decoder", "mean-ab", "gray", "pixel-knn", "truth"]
    head.nth(1).get_by_role("button").click()
    assert names(page) == falling
    head.nth(1).get_by_role("button").click()
    assert names(page) == [*falling[-2::-1], "truth"]
    assert head.nth(1).get_attribute("aria-sort") == "ascending"
    head.nth(0).get_by_role("button").click()
    assert names(page) == sorted(falling)
    page.locator("#filter").fill("DEEP")
    assert names(page) == ["encoder-decoder", "fusion"]
    tiles = page.locator(".photo:not([hidden]) [data-method]:not([hidden])")
    assert tiles.evaluate_all("tiles => tiles.map(tile => tile.dataset.tile)") == names(page)
    assert problems == []


def test_any_photo_can_be_chosen_and_any_two_of_its_pictures_compared(maker, tmp_path, open_page):
    results = maker.run(methods=METHODS, pictures=True, photos=20)
    page, problems = open_page(page_of(results, tmp_path).as_uri())
    photos = page.locator(".photo")
    kept = results.images.dropna(subset=["picture"])["photo"].unique()
    assert photos.count() == page.get_by_role("radio").count() == len(kept)
    auc = results.images.dropna(subset=["picture"]).groupby("method")["auc"].mean()
    best = auc[["pixel-knn", "encoder-decoder", "fusion"]].idxmax()
    assert photos.first.locator("select.right").input_value() == best
    page.get_by_role("radio").nth(0).focus()
    page.keyboard.press("ArrowRight")
    assert photos.evaluate_all("all => all.map(photo => photo.hidden)") == [True, False, True, True]
    shown = page.locator(".photo:not([hidden])")
    shown.locator("select.left").select_option("gray")
    shown.get_by_role("button", name="compare fusion with the truth").click()
    sources = {side: shown.locator(f".stage .{side}").get_attribute("src") for side in ("left", "right")}
    for side, label in (("left", "gray"), ("right", "fusion")):
        assert sources[side] == shown.locator(f'[data-tile="{label}"] img').get_attribute("src")
    shown.get_by_role("slider").fill("40")
    clip = "element => getComputedStyle(element).clipPath"
    assert shown.locator(".stage .left").evaluate(clip) == "inset(0px 60% 0px 0px)"
    assert problems == []


def test_a_chart_highlights_and_hides_a_method(maker, tmp_path, open_page):
    page, problems = open_page(page_of(maker.run(methods=METHODS, photos=20), tmp_path).as_uri())
    chart = page.locator(".chart", has=page.locator("[data-series]")).nth(1)
    button = chart.get_by_role("button", name="fusion", exact=True)
    lines = {name: chart.locator(f'[data-series="{name}"]').first for name in ("fusion", "gray")}

    def looks():
        return {name: line.get_attribute("class") or "" for name, line in lines.items()}

    button.hover()
    assert looks() == {"fusion": "", "gray": "faded"}
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert not lines["fusion"].is_visible()
    button.click()
    assert lines["fusion"].is_visible()
    assert problems == []


def test_pictures_that_do_not_fit_are_linked_or_left_out(maker, tmp_path):
    results = maker.run(methods=METHODS, pictures=True, photos=20)
    document = make_document(results)
    whole = html.page(document, Pictures(maker.folder))
    assert whole.count("<article") == 4
    embedded = sum(map(len, re.findall(r'"(data:image/jpeg[^"]+)"', whole)))
    some = html.page(document, Pictures(maker.folder, embedded - 1))
    linked = {source for source in Page(some).loaded if not source.startswith("data:")}
    assert linked
    assert all((maker.folder / unquote(source)).is_file() for source in linked)
    elsewhere = html.page(document, Pictures(tmp_path / "elsewhere", embedded - 1))
    assert elsewhere.count("<article") == 3
    assert "1 more kept photo did not fit into this page." in Page(elsewhere).text


def test_pictures_are_above_the_charts(maker, tmp_path, open_page):
    text = page_of(maker.run(pictures=True, photos=20), tmp_path)
    for width, lowest in ((1300, 2500), (390, 4000)):
        page, _ = open_page(text.as_uri(), viewport={"width": width, "height": 900})
        assert page.locator(".stage").first.bounding_box()["y"] < lowest


@pytest.fixture(scope="module")
def full_page(tmp_path_factory):
    """Write the page of a run with everything that a page can show."""
    folder = tmp_path_factory.mktemp("page")
    maker = Maker(folder / "run")
    return page_of(maker.run(METHODS, pictures=True, photos=20, failures=True, seeds=(0, 1)), folder)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1300])
def test_a_page_is_fit_for_everybody(full_page, open_page, accessibility_faults, scheme, width):
    page, problems = open_page(
        full_page.as_uri(),
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )
    assert accessibility_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "tables scroll, not the page"
    assert problems == []


def test_a_headline_of_eleven_columns_fits_a_page_of_1300_pixels(maker, tmp_path, open_page):
    results = maker.run(photos=20)
    page, _ = open_page(page_of(results, tmp_path).as_uri(), viewport={"width": 1300, "height": 900})
    headline = page.locator("#results ~ .scroll").first
    assert headline.locator("thead th").count() == 12, "eleven columns, and the methods"
    assert headline.evaluate("box => box.scrollWidth - box.clientWidth") <= 0
