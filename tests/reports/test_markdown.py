import json
import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from huebench.reports import figures
from huebench.reports.layout import Cell, Column, Row, Table
from huebench.reports.markdown import block, code, fingerprint, plain_table, table, text, write_report
from huebench.reports.material import Material
from huebench.reports.tables import read_results, write_results

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
    html = rendered(str(text(nasty)))
    assert shown(html) == " ".join(nasty.split())
    assert re.fullmatch(r"(<p>[^<]*</p>)?\s*", html), "nothing but a paragraph"


@pytest.mark.parametrize("nasty", NASTY)
def test_code_is_shown_literally_by_markdown_it(nasty):
    html = rendered(f"x {code(nasty)} y")
    assert shown(html) == " ".join(f"x {nasty} y".split())
    assert re.fullmatch(r"<p>x <code>[^<]*</code> y</p>\s*", html)


@pytest.mark.parametrize("nasty", NASTY)
def test_cells_are_shown_literally_by_markdown_it(nasty):
    html = rendered(str(plain_table([[nasty, "right"]], ["a", "b"])))
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html)
    assert [shown(cell) for cell in cells] == [" ".join(nasty.split()), "right"]
    assert not re.search("<(?!/?(table|thead|tbody|tr|th|td))", html)


def test_a_block_holds_a_command_with_fences_in_it():
    html = rendered(str(block("echo '```'\n# not a heading")))
    assert html.count("<pre>") == 1
    assert "not a heading" in html
    assert "<h1>" not in html


def test_a_table_marks_the_best_and_sets_oracles_apart():
    source = Table(
        (Column("PSNR", "dB", "↑"),),
        (
            Row("a[k=1|2]", "deep", (Cell("2.00", 2.0, 1),)),
            Row("b", "deep", (Cell("1.00", 1.0, 2),)),
            Row("o", "oracle", (Cell("9.00", 9.0),)),
            Row("truth", "truth", (Cell("–"),)),
        ),
    )
    html = rendered(str(table(source)))
    cells = [re.sub("<td[^>]*>", "", cell) for cell in re.findall("<td[^>]*>.*?(?=</td>)", html)]
    assert cells[:6] == ["deep", "a[k=1|2]", "<strong>2.00</strong>", "", "b", "1.00"]
    assert cells[6:] == ["oracle", "<em>o</em>", "9.00", "", "<em>truth</em>", "–"]


def test_the_report_of_a_run(maker, tmp_path):
    results = maker.run(methods=METHODS, pictures=True, photos=20, failures=True)
    results.images["near_grey"] = results.images["photo"] == "im0010.jpg"  # one without pictures
    report = write_report(Material(results), tmp_path)
    said = report.read_text(encoding="utf-8")
    assert report == tmp_path / "report.md"
    assert "Some photos are near-grey or bordered." in said
    assert re.search(r"\| +PSNR ↑ \(dB\) \|", said)
    assert "2 of 5 runs of a method did not end well" in said
    assert r"ValueError: loss is nan \| at epoch 3 \<b\>" in said
    assert "weights not found: put alexnet-owt-7be5be79.pth" in said
    assert "bench run --methods gray oracle-lowres --dataset folder:/data/photos" in said
    assert "Without near-grey photos" in said
    assert "± is the standard deviation" not in said
    assert not re.search(r"\n\n\n", said), "no holes"
    assert "{{" not in said
    linked = re.findall(r"\]\((figures/[^)]+)\)", said)
    assert linked == [
        "figures/speed.png",
        "figures/accuracy.png",
        "figures/colorfulness.png",
        "figures/categories.png",
        "figures/gallery-best.jpg",
        "figures/gallery-median.jpg",
        "figures/gallery-worst.jpg",
        "figures/gallery-disputed.jpg",
        "figures/planes.png",
        "figures/training-curves.png",
    ]
    for figure in linked:
        assert 1_000 < (tmp_path / figure).stat().st_size < 300_000


def test_what_is_not_there_has_no_heading(maker, tmp_path):
    results = maker.run(methods=("gray",), near_grey=0.0, categories=())
    said = write_report(Material(results), tmp_path).read_text(encoding="utf-8")
    for heading in ("Gallery", "Training", "Failures", "By category", "Notes", "Without near-grey"):
        assert f"# {heading}" not in said
    assert not re.search(r"\n\n\n", said)


def test_spread_is_explained_where_there_are_seeds(maker, tmp_path):
    said = write_report(Material(maker.run(methods=("gray",), seeds=(0, 1))), tmp_path).read_text(
        encoding="utf-8"
    )
    assert "± is the standard deviation over seeds" in said
    assert "2 seeds" in said


def test_a_run_in_which_everything_failed_is_reported(maker, tmp_path):
    results = maker.run(methods=("gray", "pix2pix"))
    cells = results.cells.assign(status="failed", phase="import", reason="no such module")
    empty = replace(results, cells=cells, images=results.images.iloc[:0], curves=results.curves.iloc[:0])
    said = write_report(Material(empty), tmp_path).read_text(encoding="utf-8")
    assert "0 of 24 expected answers were scored" in said
    assert said.count("no such module") == 2


def test_the_same_run_gives_the_same_bytes_whether_read_back_or_not(maker, tmp_path):
    results = maker.run(methods=METHODS[2:], pictures=True, seeds=(0, 1))
    write_results(results, maker.folder)
    write_report(Material(results), tmp_path / "a")
    write_report(Material(read_results(maker.folder)), tmp_path / "b")
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert len(files) > 6
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.fixture
def drawn(monkeypatch):
    """Count the figures that are drawn, and save time by not drawing them."""
    calls = []

    def encode(figure, kind="png"):
        calls.append(kind)
        return b"a figure"

    monkeypatch.setattr(figures, "encode", encode)
    return calls


def test_unchanged_results_are_not_drawn_again(maker, tmp_path, drawn):
    results = maker.run(methods=METHODS, pictures=True)
    first = write_report(Material(results), tmp_path).read_bytes()
    once = len(drawn)
    assert once > 6
    later = replace(results, run=replace(results.run, started="2026-01-01T00:00:00+00:00", seconds=1.0))
    assert write_report(Material(later), tmp_path).read_bytes() == first
    assert len(drawn) == once


def test_changed_results_and_lost_files_are_drawn_again(maker, tmp_path, drawn):
    results = maker.run(methods=METHODS, pictures=True)
    write_report(Material(results), tmp_path)
    once = len(drawn)
    results.images.loc[0, "psnr"] += 0.5
    write_report(Material(results), tmp_path)
    assert len(drawn) == 2 * once
    (tmp_path / "figures" / "training-curves.png").unlink()
    write_report(Material(results), tmp_path)
    assert len(drawn) == 3 * once


@pytest.mark.parametrize("stamp", ["", "{}", "[1"])
def test_a_damaged_stamp_only_costs_time(maker, tmp_path, drawn, stamp):
    results = maker.run(methods=METHODS)
    write_report(Material(results), tmp_path)
    once = len(drawn)
    (tmp_path / ".report.json").write_text(stamp)
    write_report(Material(results), tmp_path)
    assert len(drawn) == 2 * once


@pytest.mark.usefixtures("drawn")
def test_stale_figures_go_and_foreign_files_stay(maker, tmp_path):
    write_report(Material(maker.run(methods=METHODS, pictures=True)), tmp_path)
    (tmp_path / "figures" / "mine.png").write_bytes(b"mine")
    (tmp_path / "precious.txt").write_text("mine")
    stamp = json.loads((tmp_path / ".report.json").read_text())
    stamp["files"].append("figures/../precious.txt")
    (tmp_path / ".report.json").write_text(json.dumps(stamp))
    write_report(Material(maker.run(methods=("gray",))), tmp_path)
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {"mine.png", "speed.png", "accuracy.png", "colorfulness.png", "categories.png"}
    assert (tmp_path / "precious.txt").is_file()


def test_the_fingerprint_sees_every_table_and_fact_but_the_time(maker):
    results = maker.run(methods=METHODS)
    changed = [
        replace(results, run=replace(results.run, command="bench run")),
        replace(results, cells=results.cells.assign(reason="x")),
        replace(results, images=results.images.rename(columns={"psnr": "ssim", "ssim": "psnr"})),
        replace(results, curves=results.curves.iloc[1:]),
    ]
    digests = [fingerprint(each) for each in [results, *changed]]
    assert len(set(digests)) == 5
    assert fingerprint(replace(results, run=replace(results.run, started="", seconds=0.0))) == digests[0]
