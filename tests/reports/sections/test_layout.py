import re
from dataclasses import replace

import pytest

from huebench.reports.analysis.statistics import intervals
from huebench.reports.analysis.summary import summarize
from huebench.reports.blocks import Entry, Table
from huebench.reports.sections import layout
from huebench.reports.sections.layout import matrix, with_intervals

from ..conftest import found


def lay_out(summary, names, intervals=None):
    return layout.lay_out(summary, names, intervals, name="x", caption="X")


def intervals_of(table):
    """Return the table that is folded away under one, or nothing."""
    others = found(Table, with_intervals(table))[1:]
    return others[0] if others else None


def entries_of(table, title):
    column = [column.title for column in table.columns].index(title)
    return {row.label: row.entries[column] for row in table.rows}


def test_headings_carry_label_arrow_and_unit(maker):
    names = ["psnr", "colorfulness", "delta_e2000", "coverage", "fit_seconds"]
    table = lay_out(summarize(maker.run(methods=("gray",))), names)
    titles = [column.title for column in table.columns]
    assert titles == ["PSNR ↑ (dB)", "colorfulness → truth", "ΔE2000 ↓", "coverage", "training (s)"]


def test_unknown_and_unavailable_metrics_are_left_out(maker):
    assert lay_out(summarize(maker.run(methods=("gray",))), ["lpips", "nonesuch"]).columns == ()


def test_best_and_second_are_ranked_among_contenders_alone(maker):
    psnr = entries_of(lay_out(summarize(maker.run(failures=True)), ["psnr"]), "PSNR ↑ (dB)")
    contenders = {label: entry for label, entry in psnr.items() if "oracle" not in label and entry.value}
    del contenders["resnet34-classification"]  # has not scored every photo
    order = sorted(contenders, key=lambda label: -contenders[label].value)
    assert [label for label, entry in psnr.items() if entry.rank == 1] == [order[0]]
    assert [label for label, entry in psnr.items() if entry.rank == 2] == [order[1]]


def test_values_that_look_equal_share_a_rank(maker):
    summary = summarize(maker.run(methods=("gray", "mean-ab", "pix2pix")))
    scores = summary.scores.assign(psnr=[20.001, 20.004, 19.0])
    psnr = entries_of(lay_out(replace(summary, scores=scores), ["psnr"]), "PSNR ↑ (dB)")
    assert [(entry.text, entry.rank) for entry in psnr.values()] == [("20.00", 1), ("20.00", 1), ("19.00", 2)]


def test_the_truth_has_a_row_where_a_metric_has_a_truth(maker):
    summary = summarize(maker.run(methods=("gray", "oracle-lowres")))
    table = lay_out(summary, ["colorfulness", "psnr"])
    assert [(row.label, row.group) for row in table.rows] == [
        ("gray", "baseline"),
        ("oracle-lowres", "oracle"),
        ("truth", "truth"),
    ]
    assert [entry.text for entry in table.rows[-1].entries] == [f"{summary.truth['colorfulness']:.2f}", "–"]
    assert [row.label for row in lay_out(summary, ["psnr"]).rows] == ["gray", "oracle-lowres"]


def test_spread_over_seeds_is_shown_next_to_the_mean(maker):
    table = lay_out(summarize(maker.run(methods=("gray",), seeds=(0, 1))), ["psnr"])
    assert re.fullmatch(r"\d\d\.\d\d\xa0±\xa0\d\.\d\d", table.rows[0].entries[0].text)


def test_coverage_says_what_went_wrong(maker):
    coverage = entries_of(lay_out(summarize(maker.run(failures=True)), ["coverage"]), "coverage")
    assert coverage["gray"].text == "12/12"
    assert coverage["resnet34-classification"].text == "10/12 timeout"
    assert coverage["resnet34-regression"].text == "0/12 failed"
    assert coverage["resnet34-regression"].value == 0


@pytest.mark.parametrize(("speed", "text"), [(0.01234, "0.0123"), (99.5, "99.5"), (1234.5, "1,234")])
def test_images_per_second_keep_three_figures(maker, speed, text):
    results = maker.run(methods=("gray",))
    cells = results.cells.assign(images_per_second=speed)
    table = lay_out(summarize(replace(results, cells=cells)), ["images_per_second"])
    assert table.rows[0].entries[0].text == text


def test_a_matrix_has_one_row_per_method_and_one_column_per_summary(maker):
    results = maker.run(methods=("gray", "pix2pix", "oracle-lowres"))
    parts = {category: summarize(results, category=category) for category in ("sea", "desert")}
    psnr = next(metric for metric in results.run.metrics if metric.name == "psnr")
    table = matrix({name: (part, None) for name, part in parts.items()}, psnr, name="x", caption="X")
    assert [column.title for column in table.columns] == ["sea", "desert"]
    for row in table.rows:
        assert [entry.value for entry in row.entries] == [
            part.scores.loc[row.label, "psnr"] for part in parts.values()
        ]
    assert [entry.rank for entry in table.rows[1].entries] == [1, 1]


def test_the_intervals_of_a_table_stand_where_its_means_do(maker):
    summary = summarize(maker.run(methods=("gray", "pix2pix", "oracle-lowres"), photos=30))
    ends = intervals(summary)
    table = lay_out(summary, ["coverage", "psnr", "colorfulness", "fid", "auc"], ends)
    spans = intervals_of(table)
    assert (spans.name, spans.caption) == ("x-intervals", "95% intervals: X")
    assert [column.label for column in spans.columns] == ["PSNR", "colorfulness", "AuC"]
    assert [row.label for row in spans.rows] == ["gray", "pix2pix", "oracle-lowres"]
    low, high = (end.loc["pix2pix", "psnr"] for end in (ends.low, ends.high))
    assert spans.rows[1].entries[0] == Entry(
        f"{low:.2f}\xa0…\xa0{high:.2f}", summary.scores.loc["pix2pix", "psnr"]
    )
    assert intervals_of(lay_out(summary, ["psnr"])) is None
    by_category = intervals_of(matrix({"all": (summary, ends)}, summary.lead, name="x", caption="X"))
    assert by_category.rows[0].entries[0].text == spans.rows[0].entries[2].text
