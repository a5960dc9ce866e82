import io

import pytest
from rich.console import Console

from huebench.reports.report import print_results


def printed(results, width, **options):
    console = Console(file=io.StringIO(), width=width, **options)
    print_results(results, console)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_it_fits(maker, width):
    lines = printed(maker.run(failures=True), width).splitlines()
    assert max(map(len, lines)) <= width
    for method in ("gray", "encoder-decoder", "oracle-roundtrip"):
        assert any(line.startswith(method) for line in lines), "no name is broken or lost"
    assert any("PSNR ↑" in line and "AuC ↑" in line and "coverage" in line for line in lines)


def test_a_wide_terminal_has_every_column(maker):
    text = printed(maker.run(methods=("gray",)), 120)
    for label in ("PSNR ↑", "SSIM ↑", "colorfulness", "rebalanced ↑", "acc@10", "ΔE2000 ↓", "images/s"):
        assert label in text


def test_a_narrow_terminal_goes_without_the_expendable_ones_first(maker):
    text = printed(maker.run(), 80)
    assert "ΔE2000" not in text
    assert "PSNR" in text


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_between_rows_is_empty(maker, width):
    lines = printed(maker.run(methods=("gray", "encoder-decoder", "oracle-roundtrip")), width).splitlines()
    first, *_, last = (
        place for place, line in enumerate(lines) if line.startswith(("gray", "encoder", "oracle-round"))
    )
    assert last == first + 2


def test_failures_stand_below_with_their_reason_and_log(maker):
    results = maker.run(near_grey=0.0, failures=True)
    results.cells.loc[results.cells.index[-1], "log"] = "logs/resnet.txt"
    text = printed(results, 120)
    assert "resnet34-classification (seed 0): timeout in colorize: over the limit of 60 s" in text
    assert "failed in fit: ValueError: loss is nan | at epoch 3 <b> (log: logs/resnet.txt)" in text
    assert "10/12 timeout" in text


def test_a_good_run_has_no_failures_below(maker):
    assert "Failures" not in printed(maker.run(methods=("gray",)), 100)


def test_photos_that_cannot_be_decoded_are_counted_once_for_all_methods(maker):
    results = maker.run(methods=("gray", "fusion"))
    assert "cannot be decoded" not in printed(results, 120)
    broken = results.images["photo"] == results.images["photo"].iloc[0]
    results.images.loc[broken, ["status", "reason"]] = ["undecodable", "the file is empty"]
    assert "1 photo cannot be decoded, for any method" in printed(results, 120)


def test_square_brackets_are_not_markup(maker):
    results = maker.run(methods=("pixel-knn",))
    for table in (results.cells, results.images):
        table["method"] = "pixel-knn[bold]"
    results.cells["status"], results.cells["reason"] = "failed", "[red]no[/red]"
    text = printed(results, 120)
    assert "pixel-knn[bold]" in text
    assert "[red]no[/red]" in text


def test_the_best_is_bold(maker):
    text = printed(maker.run(methods=("gray", "fusion")), 120, force_terminal=True, color_system="standard")
    fusion = next(line for line in text.splitlines() if "fusion" in line)
    gray = next(line for line in text.splitlines() if line.startswith("gray"))
    assert "\x1b[1;32m" in fusion
    assert "\x1b[1;32m" not in gray
