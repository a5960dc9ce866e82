"""The section on colour hints."""

import io

from PIL import Image
from rich.console import Console

from huebench.reports.analysis.material import Material
from huebench.reports.blocks import Bullets, Data, Figure, Heading, Table, plain
from huebench.reports.report import print_results, write_formats

from ..conftest import found, section
from ..hints import COUNTS, with_hints

METHODS = ("gray", "mean-ab", "oracle-lowres", "pix2pix", "resnet34-regression")


def run(maker, **options):
    return with_hints(maker.run(methods=METHODS, photos=20), ("pix2pix", "resnet34-regression"), **options)


def test_a_run_without_hints_has_no_section(maker):
    assert section("hints", maker.run(methods=METHODS)) == []


def test_the_table_has_areas_differences_and_scores_by_number(maker):
    (table,) = found(Table, section("hints", run(maker)))
    assert [column.label for column in table.columns] == [
        "PSNR area", "95% interval", "difference to the best",
        "PSNR@0", "PSNR@1", "PSNR@10", "PSNR@100", "AuC@0", "AuC@1", "AuC@10", "AuC@100",
    ]  # fmt: skip
    assert [row.group for row in table.rows] == ["hinted", "hinted", "automatic", "automatic"]
    assert [row.entries[0].rank for row in table.rows] == [1, 0, 0, 0]
    assert table.rows[0].entries[2].text == "best"
    level = table.rows[-1].entries[3:7]
    assert len({entry.text for entry in level}) == 1
    (data,) = found(Data, section("hints", run(maker)))
    assert {"area", "psnr@10", "auc@100_high"} <= set(data.table.columns)


def test_the_figure_is_drawn(maker):
    (figure,) = found(Figure, section("hints", run(maker)))
    assert Image.open(io.BytesIO(figure.content)).width > 500
    assert 'data-series="pix2pix"' in figure.svg()


def test_one_photo_is_shown_by_number_of_hints_if_pictures_were_kept(maker):
    results = with_hints(maker.run(methods=METHODS, photos=4, pictures=True), ("pix2pix",))
    curve, pictures = found(Figure, section("hints", results))
    assert (curve.name, pictures.name, pictures.kind) == ("hints", "hints-pictures", "jpg")
    with Image.open(io.BytesIO(pictures.content)) as picture:
        assert picture.width > 1.5 * picture.height  # four numbers of hints; the input and one method
    material = Material(results)
    kept = material.with_hints.images.dropna(subset=["picture"])
    assert kept["method"].str.contains("@").sum() == len(COUNTS)


def test_rises_and_falls_are_said(maker):
    def said(**options):
        (bullets,) = found(Bullets, section("hints", run(maker, **options)))
        return plain(bullets.items[1])

    assert said() == "Every method's mean PSNR rises with the number of hints."
    assert said(gain=-1.0).startswith("Where the mean PSNR falls with more hints: ")
    assert "from 0 to 1 hints by" in said(gain=-1.0)
    assert said(gain=-1.0).endswith("; and 1 more.")


def test_hinted_answers_stand_nowhere_else(maker):
    material = Material(run(maker))
    assert list(material.summary.rows.index) == [
        "gray",
        "mean-ab",
        "pix2pix",
        "resnet34-regression",
        "oracle-lowres",
    ]
    assert all("@" not in label for label in material.results.images["method"])
    titles = [plain(block.text) for block in found(Heading, section("hints", run(maker)))]
    assert titles == ["Colour by hints"]


def test_every_format_and_the_terminal_show_it(maker, tmp_path):
    results = run(maker)
    write_formats(results, tmp_path / "report")
    assert "## Colour by hints" in (tmp_path / "report" / "report.md").read_text()
    assert "Colour by hints" in (tmp_path / "report" / "report.html").read_text()
    assert any("hints" in path.name for path in (tmp_path / "report").rglob("*.csv"))
    console = Console(file=io.StringIO(), width=200)
    print_results(results, console)
    assert "Colour by hints" in console.file.getvalue()


def test_a_failed_number_is_among_the_failures(maker):
    results = run(maker)
    results.cells.loc[results.cells["method"] == "pix2pix@10", ["status", "reason"]] = [
        "failed",
        "out of paint",
    ]
    blocks = section("failures", results)
    assert "out of paint" in str(blocks)
    assert "pix2pix@10" in str(blocks)


def test_results_say_that_hints_are_shown_elsewhere(maker):
    def said(results):
        (bullets,) = found(Bullets, section("results", results))
        return " ".join(map(plain, bullets.items))

    results = run(maker)
    results.cells.loc[results.cells["method"] == "pix2pix", ["family", "oracle"]] = ["hinted", True]
    assert "in italics, too, and never compete. They had no hints here" in said(results)
    assert "no hints here" not in said(maker.run(methods=METHODS))


def test_speed_is_by_number_of_hints_as_well(maker):
    results = run(maker)
    own = results.cells["method"].isin(["pix2pix@1", "pix2pix@10"])
    results.cells["images_per_second"] = 10.0
    results.cells.loc[own, "images_per_second"] = [4.0, 2.0]
    results.cells.loc[results.cells["method"] == "pix2pix@100", "images_per_second"] = None
    table = next(each for each in found(Table, section("speed", results)) if each.name == "speed-by-hints")
    assert [column.label for column in table.columns] == ["1 hint", "10 hints", "100 hints"]
    assert {row.label: [entry.text for entry in row.entries] for row in table.rows} == {
        "pix2pix": ["250 ms", "500 ms", "–"],
        "resnet34-regression": ["100 ms", "100 ms", "100 ms"],
    }
    assert len(found(Table, section("speed", maker.run(methods=METHODS)))) == 1
