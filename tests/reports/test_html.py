import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from huebench.reports.html import write_html
from huebench.reports.material import Material

METHODS = ("gray", "mean-ab", "pixel-knn", "encoder-decoder", "fusion", "oracle-lowres")
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
VOID = {"meta", "img", "input", "br"}


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
        assert tag != "link"
        assert tag != "img" or attributes["alt"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data


def page_of(results, folder):
    return write_html(Material(results), folder)


def test_a_page_is_well_formed_and_loads_nothing_from_outside(maker, tmp_path):
    text = page_of(maker.run(methods=METHODS, pictures=True, failures=True, photos=20), tmp_path).read_text()
    page = Page(text)
    assert page.open == []
    assert page.loaded
    assert all(source.startswith("data:image/") for source in page.loaded)
    assert all(url.startswith("data:") for url in re.findall(r'url\("?([^)"]+)', text))
    assert {link.removeprefix("#") for link in page.links} <= page.ids


def test_a_page_says_what_the_markdown_says(maker, tmp_path):
    page = Page(page_of(maker.run(methods=METHODS, failures=True, photos=20), tmp_path).read_text())
    for said in (
        "Some photos are near-grey or bordered.",
        "ValueError: loss is nan | at epoch 3 <b>",
        "weights not found",
        "How sure it is",
        "by category",
        "bench run --methods gray mean-ab",
        "2 of 6 runs of a method did not end well",
    ):
        assert said in page.text


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


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on the path")
def test_sorting_filtering_and_the_slider_work_in_chromium(maker, tmp_path):
    results = maker.run(methods=METHODS, pictures=True, photos=20)
    results.images.loc[results.images["method"] == "oracle-lowres", "psnr"] = float("inf")
    path = page_of(results, tmp_path)
    script = """
    <script type="module">
    const problems = [];
    addEventListener("error", (event) => problems.push(event.message));
    const table = document.querySelector("table.results");
    const rows = () => [...table.tBodies[0].rows].filter((row) => !row.hidden);
    const names = () => rows().map((row) => row.cells[0].dataset.label);
    const click = (place) => table.tHead.rows[0].cells[place].querySelector("button").click();
    const said = {};
    click(2); said.psnr = names();
    click(2); said.psnr_again = names();
    said.aria = table.tHead.rows[0].cells[2].getAttribute("aria-sort");
    click(0); click(0); said.by_name = names();
    const filter = document.getElementById("filter");
    filter.value = "DEEP"; filter.dispatchEvent(new Event("input"));
    said.deep = names();
    const slider = document.querySelector(".gallery figure:not([hidden]) input");
    slider.value = 40; slider.dispatchEvent(new Event("input"));
    said.cut = getComputedStyle(slider.closest("figure").querySelector(".over")).clipPath;
    said.wide = document.documentElement.scrollWidth <= innerWidth;
    said.problems = problems;
    const output = document.createElement("pre");
    output.id = "said"; output.textContent = JSON.stringify(said);
    document.body.append(output);
    </script></body>"""
    path.write_text(path.read_text().replace("</body>", script))
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=500,900", "--dump-dom"]
    dumped = subprocess.run(
        [*command, path.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    said = json.loads(re.search(r'<pre id="said">(.*?)</pre>', dumped.stdout)[1])
    falling = ["oracle-lowres", "fusion", "encoder-decoder", "mean-ab", "gray", "pixel-knn", "truth"]
    assert said["psnr"] == falling
    assert said["psnr_again"] == [*falling[-2::-1], "truth"]
    assert said["aria"] == "ascending"
    assert said["by_name"] == sorted(falling)
    assert said["deep"] == ["encoder-decoder", "fusion"]
    assert said["cut"] == "inset(0px 0px 0px 40%)"
    assert said["wide"], "a phone scrolls tables, not the page"
    assert said["problems"] == []
