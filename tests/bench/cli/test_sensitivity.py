"""``bench sensitivity``: its tables, the file that it writes into, and the table in the guide."""

import re
from pathlib import Path

import pytest

import huebench
from huebench.bench.cli.sensitivity import END, START, cells, markdown
from huebench.bench.protocol.protocol import Protocol
from huebench.bench.sensitivity import measure as module
from huebench.bench.sensitivity.measure import Row, Sensitivity
from huebench.bench.sensitivity.variants import BASE, DEFINITIONS, variants

GUIDE = Path(huebench.__file__).parent / "docs" / "guides" / "what-moves-a-number.md"

FOUND = Sensitivity(
    "samples",
    3,
    Protocol(),
    (
        Row("psnr", BASE, {"gray": 22.5, "mean-ab": 21.0}),
        Row("psnr", "truth through JPEG", {"gray": 22.0, "mean-ab": 21.0000001}),
        Row("auc", BASE, {"gray": 0.9, "mean-ab": 0.8}),
        Row("auc", "truth through JPEG", {"gray": 0.905, "mean-ab": 0.79}),
    ),
)


@pytest.fixture
def measured(monkeypatch):
    """Let the command find `FOUND` at once."""
    monkeypatch.setattr(module, "measure", lambda request, progress: FOUND)


def test_cells_are_values_then_differences_in_decibels_and_hundredths():
    assert [cells(FOUND, row) for row in FOUND.rows] == [
        ["22.50", "21.00"],
        ["−0.50", "0.00"],
        ["90.00", "80.00"],
        ["+0.50", "−1.00"],
    ]


def test_the_terminal_shows_a_table_per_metric(bench, measured):
    code, output = bench("sensitivity")
    assert code == 0
    assert re.search(r"PSNR \(dB\).*AuC \(points of 100\)", output, re.DOTALL)
    assert re.search(r"truth through JPEG +−0.50 +0.00", output)


def test_the_table_goes_between_the_marks_and_nowhere_else(bench, measured, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n\n{START}\nan old table\n{END}\n\nAfter.\n")
    assert bench("sensitivity", "--into", page)[0] == 0
    text = page.read_text()
    assert text == f"# Before\n\n{START}\n\n{markdown(FOUND)}\n{END}\n\nAfter.\n"
    assert "an old table" not in text
    assert bench("sensitivity", "--into", page)[0] == 0
    assert page.read_text() == text


def test_a_page_without_marks_is_refused_before_anything_is_measured(bench, tmp_path):
    page = tmp_path / "page.md"
    for content in (None, "no marks", f"{END} then {START}"):
        if content is not None:
            page.write_text(content)
        code, output = bench("sensitivity", "--into", page)
        assert code == 2
        assert "put the lines <!-- table --> and <!-- end of table --> where the table belongs" in output


def test_the_guide_holds_every_row_of_the_command():
    table = GUIDE.read_text().partition(START)[2].partition(END)[0]
    rows = {
        re.sub(r"\\(.)", r"\1", line.split("|")[1].strip())
        for line in table.splitlines()
        if line.startswith("|")
    }
    texts = {each.text for each in (*variants(Protocol()), *DEFINITIONS)}
    assert texts <= rows
    assert rows - texts <= {"choice", *(row for row in rows if set(row) <= set(":-"))}
    assert "119 photos of landscapes" in table
