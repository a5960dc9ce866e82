import re
from dataclasses import replace

import numpy as np
import pytest

from huebench.reports.layout import Cell, lay_out, matrix, number
from huebench.reports.statistics import intervals
from huebench.reports.summary import summarize


def cells_of(table, title):
    column = [column.title for column in table.columns].index(title)
    return {row.label: row.cells[column] for row in table.rows}


def test_headings_carry_label_arrow_and_unit(maker):
    names = ["psnr", "colorfulness", "delta_e2000", "coverage", "fit_seconds"]
    table = lay_out(summarize(maker.run(methods=("gray",))), names)
    titles = [column.title for column in table.columns]
    assert titles == ["PSNR ↑ (dB)", "colorfulness → truth", "ΔE2000 ↓", "coverage", "training (s)"]


def test_unknown_and_unavailable_metrics_are_left_out(maker):
    assert lay_out(summarize(maker.run(methods=("gray",))), ["lpips", "nonesuch"]).columns == ()


def test_best_and_second_are_ranked_among_contenders_alone(maker):
    psnr = cells_of(lay_out(summarize(maker.run(failures=True)), ["psnr"]), "PSNR ↑ (dB)")
    contenders = {label: cell for label, cell in psnr.items() if "oracle" not in label and cell.value}
    del contenders["resnet34-classification"]  # has not scored every photo
    order = sorted(contenders, key=lambda label: -contenders[label].value)
    assert [label for label, cell in psnr.items() if cell.rank == 1] == [order[0]]
    assert [label for label, cell in psnr.items() if cell.rank == 2] == [order[1]]


def test_what_looks_the_same_is_ranked_the_same(maker):
    summary = summarize(maker.run(methods=("gray", "mean-ab", "pix2pix")))
    scores = summary.scores.assign(psnr=[20.001, 20.004, 19.0])
    psnr = cells_of(lay_out(replace(summary, scores=scores), ["psnr"]), "PSNR ↑ (dB)")
    assert [(cell.text, cell.rank) for cell in psnr.values()] == [("20.00", 1), ("20.00", 1), ("19.00", 2)]


def test_the_truth_has_a_row_where_a_metric_has_a_truth(maker):
    summary = summarize(maker.run(methods=("gray", "oracle-lowres")))
    table = lay_out(summary, ["colorfulness", "psnr"])
    assert [(row.label, row.group) for row in table.rows] == [
        ("gray", "baseline"),
        ("oracle-lowres", "oracle"),
        ("truth", "truth"),
    ]
    assert [cell.text for cell in table.rows[-1].cells] == [f"{summary.truth['colorfulness']:.2f}", "–"]
    assert [row.label for row in lay_out(summary, ["psnr"]).rows] == ["gray", "oracle-lowres"]


def test_spread_over_seeds_stands_beside_the_mean(maker):
    table = lay_out(summarize(maker.run(methods=("gray",), seeds=(0, 1))), ["psnr"])
    assert re.fullmatch(r"\d\d\.\d\d\xa0±\xa0\d\.\d\d", table.rows[0].cells[0].text)


def test_coverage_says_what_went_wrong(maker):
    coverage = cells_of(lay_out(summarize(maker.run(failures=True)), ["coverage"]), "coverage")
    assert coverage["gray"].text == "12/12"
    assert coverage["resnet34-classification"].text == "10/12 timeout"
    assert coverage["resnet34-regression"].text == "0/12 failed"
    assert coverage["resnet34-regression"].value == 0


@pytest.mark.parametrize(("speed", "text"), [(0.01234, "0.0123"), (99.5, "99.5"), (1234.5, "1,234")])
def test_images_per_second_keep_three_figures(maker, speed, text):
    results = maker.run(methods=("gray",))
    cells = results.cells.assign(images_per_second=speed)
    table = lay_out(summarize(replace(results, cells=cells)), ["images_per_second"])
    assert table.rows[0].cells[0].text == text


def test_a_matrix_has_a_row_a_method_and_a_column_a_summary(maker):
    results = maker.run(methods=("gray", "pix2pix", "oracle-lowres"))
    parts = {category: summarize(results, category=category) for category in ("sea", "desert")}
    table = matrix({name: (part, None) for name, part in parts.items()}, "psnr")
    assert [column.title for column in table.columns] == ["sea", "desert"]
    for row in table.rows:
        assert [cell.value for cell in row.cells] == [
            part.scores.loc[row.label, "psnr"] for part in parts.values()
        ]
    assert [cell.rank for cell in table.rows[1].cells] == [1, 1]


def test_the_intervals_of_a_table_stand_where_its_means_do(maker):
    summary = summarize(maker.run(methods=("gray", "pix2pix", "oracle-lowres"), photos=30))
    ends = intervals(summary)
    table = lay_out(summary, ["coverage", "psnr", "colorfulness", "fid", "auc"], ends)
    spans = table.intervals
    assert [column.label for column in spans.columns] == ["PSNR", "colorfulness", "AuC"]
    assert [row.label for row in spans.rows] == ["gray", "pix2pix", "oracle-lowres"]
    low, high = (end.loc["pix2pix", "psnr"] for end in (ends.low, ends.high))
    assert spans.rows[1].cells[0] == Cell(
        f"{low:.2f}\xa0…\xa0{high:.2f}", summary.scores.loc["pix2pix", "psnr"]
    )
    assert lay_out(summary, ["psnr"]).intervals is None
    by_category = matrix({"all": (summary, ends)}, "auc").intervals
    assert by_category.rows[0].cells[0].text == spans.rows[0].cells[2].text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0001, "0.00"),
        (-1.5, "−1.50"),
        (np.nan, "–"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
        (12345.678, "12,345.68"),
    ],
)
def test_number(value, text):
    assert number(value, 2) == text
