"""``bench sensitivity``: its tables, the file that it writes into, and the table in the guide."""

import math
import re
from pathlib import Path

import pytest

import huebench
from huebench.bench.cli.sensitivity import END, START, cells, markdown
from huebench.bench.protocol.protocol import Protocol
from huebench.bench.sensitivity import measure as module
from huebench.bench.sensitivity.measure import Sensitivity, SensitivityRow
from huebench.bench.sensitivity.variants import BASE, DEFINITIONS, variants

GUIDE = Path(huebench.__file__).parent / "docs" / "guides" / "what-moves-a-number.md"

RESIZING = re.compile("resized|cropped|at 7/8")

FOUND = Sensitivity(
    "samples",
    3,
    Protocol(),
    (
        SensitivityRow("psnr", BASE, {"gray": 22.5, "mean-ab": 21.0}),
        SensitivityRow("psnr", "truth through JPEG", {"gray": 22.0, "mean-ab": 21.0000001}),
        SensitivityRow("psnr", "8-bit Lab", {"gray": 22.5, "mean-ab": 20.9999999}),
        SensitivityRow("auc", BASE, {"gray": 0.9, "mean-ab": 0.8}),
        SensitivityRow("auc", "truth through JPEG", {"gray": 0.905, "mean-ab": 0.79}),
    ),
)


@pytest.fixture
def measured(monkeypatch):
    """Let the command find `FOUND` at once."""
    monkeypatch.setattr(module, "measure", lambda request, only, progress: FOUND)


def test_cells_are_values_then_differences_in_decibels_and_hundredths():
    assert [cells(FOUND, row) for row in FOUND.rows] == [
        ["22.50", "21.00"],
        ["−0.50", "0.00"],
        ["0.00", "0.00"],
        ["90.00", "80.00"],
        ["+0.50", "−1.00"],
    ]


def test_choices_without_any_difference_stand_below_the_table():
    text = markdown(FOUND)
    assert re.search(r"\| truth through JPEG +\| −0.50 +\| 0.00", text)
    assert "No difference here: 8-bit Lab." in text
    assert "| 8-bit Lab" not in text


def test_photos_left_out_and_photos_not_decoded_are_told():
    rows = (
        FOUND.rows[0],
        SensitivityRow("psnr", "without near-grey photos", {"gray": math.nan, "mean-ab": 21.0}, 2),
    )
    text = markdown(Sensitivity("samples", 3, Protocol(), rows, ("a.png", "b.png")))
    assert "3 photos of samples" in text
    assert "2 photos could not be decoded: a.png, b.png." in text
    assert re.search(r"\| without near-grey photos \(2 photos fewer\) +\| – +\| 0.00", text)


def test_the_terminal_shows_a_table_per_metric(bench, measured):
    code, output = bench("sensitivity")
    assert code == 0
    assert re.search(r"PSNR \(dB\).*AuC \(points of 100\)", output, re.DOTALL)
    assert re.search(r"truth through JPEG +−0.50 +0.00", output)


def test_the_table_goes_between_the_marks_and_nowhere_else(bench, measured, tmp_path):
    page = tmp_path / "page.md"
    start, other = START.format("samples"), f"{START.format('landscapes')}\nanother\n{END}\n"
    page.write_text(f"# Before\n\n{other}{start}\nan old table\n{END}\n\nAfter.\n")
    assert bench("sensitivity", "--into", page)[0] == 0
    text = page.read_text()
    assert text == f"# Before\n\n{other}{start}\n\n{markdown(FOUND)}\n{END}\n\nAfter.\n"
    assert "an old table" not in text
    assert bench("sensitivity", "--into", page)[0] == 0
    assert page.read_text() == text


def test_a_page_without_marks_is_refused_before_anything_is_measured(bench, tmp_path):
    page = tmp_path / "page.md"
    for content in (None, "no marks", f"{END} then {START}", START.format("landscapes") + END):
        if content is not None:
            page.write_text(content)
        code, output = bench("sensitivity", "--into", page)
        assert code == 2
        assert (
            "put the lines <!-- table: samples --> and <!-- end of table --> where the table belongs"
            in output
        )


@pytest.mark.parametrize(("dataset", "photos"), [("landscapes", 119), ("folder", 5)])
def test_the_guide_holds_every_row_of_the_command(dataset, photos):
    table = GUIDE.read_text().partition(START.format(dataset))[2].partition(END)[0].replace("\\", "")
    assert f"{photos} photos of {dataset}, protocol huebench at 256 pixels." in table
    texts = [each.text for each in variants(Protocol()) if dataset != "folder" or RESIZING.search(each.text)]
    texts += [each.text for each in DEFINITIONS] if dataset != "folder" else []
    assert len(texts) > 4
    for text in texts:
        assert text in table
