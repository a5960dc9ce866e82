import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from huebench.reports.blocks import Column, Entry, Listing, PlainTable, Row, Table
from huebench.reports.formats.markdown import code, inline, render
from huebench.reports.report import write_report

METHODS = ("gray", "oracle-lowres", "mean-ab", "pixel-knn", "pix2pix")

NASTY = [
    "<script>alert(1)</script>",
    "a|b",
    r"a\|b",
    "![x](http://evil)",
    "[x](y) *b* _i_ ~s~ `c` $m$",
    "line\nbreak\r\n# heading",
    "- item",
    "1. item",
    "=== ",
    "--- x",
    "&lt;",
    "trailing\\",
    "``x`",
    "",
]


def rendered(markdown: str) -> str:
    return MarkdownIt("gfm-like", {"linkify": False}).render(markdown)


def shown(html: str) -> str:
    """Return what a reader sees of some HTML."""
    bare = re.sub(r"<[^>]+>", "", html)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        bare = bare.replace(entity, character)
    return " ".join(bare.split())


@pytest.mark.parametrize("nasty", NASTY)
def test_text_is_shown_literally_by_markdown_it(nasty):
    html = rendered(inline(nasty))
    assert shown(html) == " ".join(nasty.split())
    assert re.fullmatch(r"(<p>[^<]*</p>)?\s*", html), "nothing but a paragraph"


@pytest.mark.parametrize("nasty", NASTY)
def test_code_is_shown_literally_by_markdown_it(nasty):
    html = rendered(f"x {code(nasty)} y")
    assert shown(html) == " ".join(f"x {nasty} y".split())
    assert re.fullmatch(r"<p>x <code>[^<]*</code> y</p>\s*", html)


@pytest.mark.parametrize("nasty", NASTY)
def test_cells_are_shown_literally_by_markdown_it(nasty):
    html = rendered(render([PlainTable(("a", "b"), ((nasty, "right"),), "X")]))
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html)
    assert [shown(cell) for cell in cells] == [" ".join(nasty.split()), "right"]
    assert not re.search("<(?!/?(table|thead|tbody|tr|th|td))", html)


def test_a_block_holds_a_command_with_fences_in_it():
    html = rendered(render([Listing("echo '```'\n# not a heading")]))
    assert html.count("<pre>") == 1
    assert "not a heading" in html
    assert "<h1>" not in html


def test_a_table_marks_the_best_and_sets_oracles_apart():
    source = Table(
        (Column("PSNR", "dB", "↑"),),
        (
            Row("a[k=1|2]", "deep", (Entry("2.00", 2.0, 1),)),
            Row("b", "deep", (Entry("1.00", 1.0, 2),)),
            Row("o", "oracle", (Entry("9.00", 9.0),)),
            Row("truth", "truth", (Entry("–"),)),
        ),
        "x",
        "X",
    )
    html = rendered(render([source]))
    cells = [re.sub("<td[^>]*>", "", cell) for cell in re.findall("<td[^>]*>.*?(?=</td>)", html)]
    assert cells[:6] == ["deep", "a[k=1|2]", "<strong>2.00</strong>", "", "b", "1.00"]
    assert cells[6:] == ["oracle", "<em>o</em>", "9.00", "", "<em>truth</em>", "–"]


def test_the_report_of_a_run(maker, tmp_path):
    results = maker.run(methods=METHODS, pictures=True, photos=20, failures=True)
    results.images["near_grey"] = results.images["photo"] == "im0010.jpg"  # one without pictures
    report = write_report(results, tmp_path)
    said = report.read_text(encoding="utf-8")
    assert report == tmp_path / "report.md"
    assert "Some photos are near-grey or bordered." in said
    assert re.search(r"\| +PSNR ↑ \(dB\) \|", said)
    assert "2 of 5 runs of a method failed" in said
    assert r"ValueError: loss is nan \| at epoch 3 \<b\>" in said
    assert "weights not found: put alexnet-owt-7be5be79.pth" in said
    assert "bench run --methods gray oracle-lowres --dataset folder:/data/photos" in said
    assert "Without near-grey photos" in said
    assert "± is the standard deviation" not in said
    assert not re.search(r"\n\n\n", said), "no holes"
    assert "{{" not in said
    linked = re.findall(r"\]\((figures/[^)]+)\)", said)
    assert linked == [
        "figures/gallery-median.jpg",
        "figures/gallery-best.jpg",
        "figures/gallery-worst.jpg",
        "figures/gallery-disputed.jpg",
        "figures/speed.png",
        "figures/accuracy.png",
        "figures/colorfulness.png",
        "figures/categories.png",
        "figures/chroma.png",
        "figures/hues.png",
        "figures/disputed-hues.jpg",
        "figures/training-curves.png",
    ]
    for figure in linked:
        assert 1_000 < (tmp_path / figure).stat().st_size < 300_000


def test_a_table_has_at_most_nine_columns(maker, tmp_path):
    said = write_report(maker.run(photos=20), tmp_path).read_text(encoding="utf-8")
    rules = [line for line in said.splitlines() if re.fullmatch(r"[|:-]+", line)]
    results = [rule for rule in rules if rule.startswith("|:") and rule.count("-:|") > 2]
    assert results
    assert max(rule.count("|") - 1 for rule in results) == 9


def test_missing_content_has_no_heading(maker, tmp_path):
    results = maker.run(methods=("gray",), near_grey=0.0, categories=())
    said = write_report(results, tmp_path).read_text(encoding="utf-8")
    for heading in ("Gallery", "Training", "Failures", "By category", "Notes", "Without near-grey"):
        assert f"# {heading}" not in said
    assert not re.search(r"\n\n\n", said)


def test_spread_is_explained_where_there_are_seeds(maker, tmp_path):
    said = write_report(maker.run(methods=("gray",), seeds=(0, 1)), tmp_path).read_text(encoding="utf-8")
    assert "± is the standard deviation over seeds" in said
    assert "2 seeds" in said


def test_a_run_in_which_everything_failed_is_reported(maker, tmp_path):
    results = maker.run(methods=("gray", "pix2pix"))
    cells = results.cells.assign(status="failed", phase="import", reason="no such module")
    empty = replace(results, cells=cells, images=results.images.iloc[:0], curves=results.curves.iloc[:0])
    said = write_report(empty, tmp_path).read_text(encoding="utf-8")
    assert "0 of 24 expected predictions were scored" in said
    assert said.count("no such module") == 2
