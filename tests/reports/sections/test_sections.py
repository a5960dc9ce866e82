import json
import sys
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console

from huebench.reports import sections
from huebench.reports.analysis.material import Material
from huebench.reports.analysis.summary import summarize
from huebench.reports.blocks import (
    Bullets,
    Caveat,
    Data,
    Figure,
    Heading,
    Listing,
    PlainTable,
    Prose,
    Table,
    plain,
)
from huebench.reports.report import print_results
from huebench.reports.sections.failures import NAMED, failed_cells, unscored_photos

from ..conftest import found, section


def rows(blocks):
    """Return the texts of the only plain table."""
    (table,) = found(PlainTable, blocks)
    return [tuple(map(plain, row)) for row in table.rows]


def said(blocks):
    """Return what the paragraphs and lists say."""
    lists = [item for block in found(Bullets, blocks) for item in block.items]
    return " ".join(plain(text) for text in [*(block.text for block in found(Prose, blocks)), *lists])


def test_a_new_file_is_a_section_in_its_place(tmp_path, monkeypatch):
    (tmp_path / "summary_of_all.py").write_text("ORDER = 15\n\n\ndef blocks(material):\n    return []\n")
    (tmp_path / "no_section.py").write_text('"""Has no order."""\n')
    monkeypatch.setattr(sections, "__path__", [*sections.__path__, str(tmp_path)])
    known = sections.in_order()
    for module in ("summary_of_all", "no_section"):
        del sys.modules[f"{sections.__name__}.{module}"]
    names = [module.__name__.rpartition(".")[2] for module in known]
    assert names[:3] == ["lead", "summary_of_all", "results"]
    assert names[-1] == "provenance"
    assert not {"no_section", "layout", "comparison"} & set(names)
    assert len({module.ORDER for module in known}) == len(known)


def test_the_lead_counts_predictions_photos_seeds_and_failed_runs(maker):
    lead = said(section("lead", maker.run(methods=("gray", "pix2pix"), seeds=(0, 1), photos=10)))
    assert "2 methods colorized the test split of landscapes" in lead
    assert "10 photos, 2 seeds, training budget quick. 40 of 40 expected predictions were scored." in lead
    assert "Protocol 5f2c9a0e11d4: size 256; resize squash; grey CIE L*" in lead
    assert "2 of 16 runs of a method failed (failures)" in said(section("lead", maker.run(failures=True)))


def test_few_photos_are_a_caveat_at_the_top(maker):
    few, many = (found(Caveat, section("lead", maker.run(photos=count, near_grey=0.0))) for count in (29, 30))
    assert plain(few[0].text) == "Few photos. With 29 photos, chance decides much of the ranking."
    assert not any("Few photos" in plain(caveat.text) for caveat in many)
    without = found(Caveat, section("lead", maker.run(photos=31, near_grey=0.3)))
    assert any(plain(caveat.text).startswith("Few photos. With 2") for caveat in without)


def test_the_lead_names_the_protocol_if_the_run_does(maker):
    results = maker.run(methods=("gray",))
    options = {**results.run.options, "protocol": "ct2"}
    named = replace(results, run=replace(results.run, options=options))
    assert "Protocol ct2 5f2c9a0e11d4: size 256; " in said(section("lead", named))


def test_failures_are_listed_with_phase_and_reason(maker):
    late, lost = failed_cells(maker.run(failures=True).cells)
    assert late[:4] == ("resnet34-classification", "0", "timeout", "colorize")
    assert lost[4:] == ("ValueError: loss is nan | at epoch 3 <b>", "")


def test_unscored_photos_are_grouped_by_method_and_reason(maker):
    (unscored,) = unscored_photos(maker.run(failures=True))
    assert unscored == (
        "resnet34-classification",
        "failed",
        "2",
        "not reached",
        "im0010.jpg, im0011.jpg",
    )


def test_many_unscored_photos_are_counted_and_some_named(maker):
    results = maker.run(methods=("gray",), photos=20)
    (unscored,) = unscored_photos(replace(results, images=results.images.assign(status="failed", reason="x")))
    assert unscored[2] == "20"
    assert unscored[4].endswith(f"and {20 - NAMED} more (all are in images.parquet)")


@pytest.mark.parametrize("status", ["undecodable", "left out"])
def test_a_photo_that_no_method_could_score_is_named_once(maker, status):
    results = maker.run(methods=("gray", "pix2pix"))
    broken = results.images["photo"] == "im0003.jpg"
    results.images.loc[broken, ["status", "reason"]] = [status, "a reason"]
    assert unscored_photos(results) == [("all", status, "1", "a reason", "im0003.jpg")]


def test_no_table_without_near_grey_photos_where_there_are_none_or_all(maker):
    none = section("near_grey", maker.run(methods=("gray",), near_grey=0.0))
    assert said(none) == "None of the photos is known to be near-grey."
    assert found(Table, none) == []
    assert section("near_grey", maker.run(methods=("gray",), near_grey=1.0)) == []
    assert section("near_grey", maker.run(methods=("gray",), near_grey=1.0)) == []


def with_near_grey(results, count):
    """Return a run in which gray's PSNR is at its ceiling on the first photos, which are near-grey."""
    images = results.images.copy()
    grey = images["photo"].isin(sorted(images["photo"].unique())[:count])
    images["near_grey"] = grey
    images.loc[grey & (images["method"] == "gray"), "psnr"] = 58.92
    return replace(results, images=images)


@pytest.mark.parametrize(("count", "name"), [(2, "without-near-grey"), (3, "with-near-grey")])
def test_the_headline_leaves_near_grey_photos_out_where_they_are_more_than_5_percent(maker, count, name):
    results = with_near_grey(maker.run(methods=("gray", "fusion"), photos=40), count)
    material = Material(results)
    blocks = section("near_grey", results)
    tables = found(Table, blocks)
    assert [table.name for table in tables] == [name, f"{name}-intervals"]
    assert "images/s" not in [column.label for column in tables[0].columns]
    few = count == 2
    assert material.headline.photos == (40 if few else 37)
    headline = found(Table, section("results", results))[0]
    assert headline.caption == ("Results on all photos" if few else "Results without 3 near-grey photos")
    assert ("leaves out 3 of 40 photos" in said(section("results", results))) != few
    assert material.significance[0].comparisons["photos"].iloc[0] == (40 if few else 37)


def test_an_order_that_depends_on_near_grey_photos_is_told(maker):
    results = with_near_grey(maker.run(methods=("gray", "fusion", "mean-ab"), photos=40), 3)
    told = said(section("near_grey", results))
    with_them, without = (summarize(results, near_grey=grey).scores["psnr"] for grey in (True, False))
    assert (with_them.idxmax(), without.idxmax()) == ("gray", "fusion")
    assert "AuC: the order of the methods is the same with and without them." in told
    leads = f"gray leads with them ({with_them['gray']:.2f}), fusion without ({without['fusion']:.2f}); "
    assert "PSNR: the order depends on them, because a grey answer" in told
    assert f"near the ceiling. {leads}" in told
    assert "change places: gray and fusion" in told or "change places: gray and mean-ab" in told


@pytest.mark.parametrize(
    ("seeds", "photos", "results_say", "significance_says"),
    [
        (
            (0,),
            12,
            "they do not cover other seeds. With 12 photos, fewer than 30, they are rough.",
            "say nothing about other seeds",
        ),
        (
            (0, 1),
            40,
            "Intervals cover other photos and other seeds",
            "and 2 seeds: errors include the variance between seeds",
        ),
    ],
)
def test_what_intervals_concern_is_said(maker, seeds, photos, results_say, significance_says):
    results = maker.run(methods=("gray", "fusion"), photos=photos, seeds=seeds, near_grey=0.0)
    told = said(section("results", results))
    assert results_say in told
    assert significance_says in said(section("significance", results))
    assert f"AuC rebalanced pools the pixels of {photos} photos by weight, as many as" in told


def test_methods_that_are_told_apart_are_grouped_and_all_pairs_are_an_appendix(maker):
    results = maker.run(methods=("gray", "fusion", "pix2pix", "random-ab"), photos=40, near_grey=0.0)
    by = Material(results).significance[0]
    blocks = section("significance", results)
    groups = found(Bullets, blocks)[0].items
    assert [plain(item) for item in groups] == [
        first + (f"; not significantly different: {', '.join(rest)}" if rest else "")
        for first, *rest in by.groups
    ]
    assert by.groups[-1] == ("random-ab",)
    pairs = found(PlainTable, section("all_pairs", results))
    assert [table.caption for table in pairs] == [
        f"All pairs by {name}" for name in ("AuC", "PSNR", "AuC rebalanced")
    ]
    assert pairs[0].rows[0][:2] == ("gray", "random-ab")
    assert len(pairs[0].rows) == 6
    assert section("all_pairs", maker.run(methods=("gray", "fusion"))) == []


def test_many_categories_become_several_tables(maker):
    names = tuple(f"place {number:02d}" for number in range(10))
    blocks = section("by_category", maker.run(methods=("gray",), photos=20, categories=names))
    means = [table for table in found(Table, blocks) if not table.name.endswith("-intervals")]
    assert [table.name for table in means] == ["auc-by-category"] * 2 + ["psnr-by-category"] * 2
    assert [len(table.columns) for table in means[:2]] == [8, 2]
    assert means[0].columns[0].title == "place 00 (2)"
    assert found(Heading, blocks)[2].text == "PSNR ↑ (dB) by category"


def test_a_thousand_categories_are_not_a_thousand_columns(maker):
    names = tuple(f"n{number:04d}" for number in range(40))
    results = maker.run(methods=("gray",), photos=90, categories=names)
    blocks = section("by_category", results)
    assert said(blocks).startswith("The 24 largest of 40 categories. The number in brackets is")
    tables = [table for table in found(Table, blocks) if "intervals" not in table.name]
    assert [len(table.columns) for table in tables] == [8, 8, 8] * 2


def test_without_categories_there_are_no_category_tables(maker):
    assert section("by_category", maker.run(methods=("gray",), categories=())) == []


def test_every_metric_is_in_one_of_the_two_tables(maker):
    results = maker.run(methods=("gray",))
    tables = [found(Table, section(name, results))[0] for name in ("results", "further")]
    labels = [column.label for table in tables for column in table.columns]
    assert len(labels) == len(set(labels))
    assert {m.label for m in results.run.metrics if not m.unavailable} <= set(labels)
    assert "LPIPS: weights not found" in said(section("metrics", results))


def test_the_headline_table_has_headline_metrics_and_costs(maker):
    results = maker.run(methods=("gray",))
    headline = [metric.label for metric in results.run.metrics if metric.headline]
    columns = found(Table, section("results", results))[0].columns
    assert [column.label for column in columns] == [*headline, "images/s", "parameters"]
    compared = {metric.label for metric in results.run.metrics if metric.compared}
    assert {column.label for column in columns if column.essential} == compared


def test_notes_of_several_seeds_are_said_once(maker):
    results = maker.run(methods=("gray", "pix2pix"), seeds=(0, 1))
    assert rows(section("notes", results)) == [("pix2pix", "backbone weights", "none")]


def test_a_missing_note_is_left_out(maker):
    results = maker.run(methods=("gray",))
    assert section("notes", replace(results, cells=results.cells.assign(notes=pd.NA))) == []


def test_provenance_holds_the_command_the_protocol_and_the_versions(maker):
    results = maker.run(methods=("gray",))
    blocks = section("provenance", results)
    tables = {table.caption: table.rows for table in found(PlainTable, blocks)}
    facts = {title: {name: value for name, value, *_ in rows} for title, rows in tables.items()}
    assert found(Listing, blocks)[0].text == results.run.command
    assert facts["Protocol"]["digest"] == "5f2c9a0e11d4"
    assert ("size", "256", "side in pixels of the square at which photos are colorized and scored") in tables[
        "Protocol"
    ]
    assert facts["Versions"]["torch"] == "2.15.0"
    assert facts["Dataset"]["photos"] == "train 3,780, validation 420, test 12"
    assert "caveat" not in facts["Dataset"]
    assert json.loads(json.dumps(facts)) == facts
    assert found(Data, blocks)[0].name == "images"


def test_the_provenance_of_a_merged_run_repeats_every_command(maker):
    run = maker.run(methods=("gray",)).run
    commands = ["a: bench run 1", "b: bench run 2"]
    merged = replace(run, command="bench merge a b", options={"merged": commands})
    blocks = section("provenance", replace(maker.run(methods=("gray",)), run=merged))
    assert found(Listing, blocks)[0].text.splitlines() == ["bench run 1", "bench run 2", "bench merge a b"]
    facts = next(table for table in found(PlainTable, blocks) if table.caption == "Run")
    assert [row[0] for row in facts.rows] == ["started", "seconds"]


def test_the_histograms_say_of_how_many_photos_pictures_were_kept_unless_of_all(maker):
    def caption(photos):
        results = maker.run(methods=("gray", "pix2pix"), photos=photos, pictures=True)
        return found(Figure, section("colors", results))[0].caption

    assert "in the pictures of the 4 of 12 photos whose pictures were kept" in caption(12)
    assert "in the pictures, on" in caption(4)


def test_the_caption_of_the_training_explains_jumps_between_stages(maker):
    (figure,) = found(Figure, section("training", maker.run(methods=("gray", "pix2pix"))))
    assert "A method trained in several stages has one line through all of them" in figure.caption
    assert "jumps of the loss between them are expected" in figure.caption


def test_methods_without_weights_are_one_line(maker, capsys):
    results = maker.run(methods=("gray", "pix2pix", "fusion"))
    cells = results.cells.copy()
    absent = cells["method"].isin(["pix2pix", "fusion"])
    cells.loc[absent, ["status", "reason"]] = ["skipped", "weights not found: bench weights get pix2pix"]
    results = replace(results, cells=cells)
    line = "2 methods were skipped: their weights are missing; bench weights list shows how to get them"
    assert failed_cells(cells) == []
    assert line in said(section("failures", results))
    assert "runs of a method failed" not in said(section("lead", results))
    print_results(results, Console(width=200))
    shown = capsys.readouterr().out
    assert line in " ".join(shown.split())
    assert "gray" in shown
    assert "fusion" not in shown


def test_other_skipped_methods_keep_their_reasons(maker):
    results = maker.run(methods=("gray", "fusion"))
    cells = results.cells.copy()
    cells.loc[cells["method"] == "fusion", ["status", "reason"]] = ["skipped", "needs faiss: pip install …"]
    assert [row[0] for row in failed_cells(cells)] == ["fusion"]


def test_the_accuracy_chart_says_how_far_most_pixels_are_from_the_truth(maker):
    results = maker.run(methods=("gray", "pix2pix", "oracle-lowres"))
    curves = results.accuracy_curves
    shares = curves[curves["metric"] == "auc"].pivot_table(
        index="threshold", columns="method", values="accuracy"
    )
    within = {method: int((shares[method] >= 0.9).idxmax()) for method in ("gray", "pix2pix")}
    best = min(within, key=lambda method: within[method])
    accuracy = next(
        figure for figure in found(Figure, section("charts", results)) if figure.name == "accuracy"
    )
    assert f"The nearest is {best}: 90% of its pixels are within {within[best]}." in accuracy.caption
