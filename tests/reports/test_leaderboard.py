from dataclasses import replace

import pytest

from huebench import UserError
from huebench.reports.blocks import Details, PlainTable, Table, walk
from huebench.reports.leaderboard import make_leaderboard, write_leaderboard
from huebench.reports.tables import read_results, write_results

from .formats.test_html import Page

METHODS = ("gray", "mean-ab", "pixel-knn", "encoder-decoder", "oracle-lowres")


def stored(results, folder, **facts):
    """Write a run under other facts and another folder, as a committed report is."""
    run = replace(results.run, **facts)
    folder.mkdir()
    write_results(replace(results, run=run), folder)
    return read_results(folder)


@pytest.fixture
def runs(maker, tmp_path):
    sea, town = (maker.run(methods=METHODS[start:], photos=20) for start in (0, 1))
    named = {**town.run.dataset, "name": "towns", "fingerprint": "f" * 64}
    return [stored(sea, tmp_path / "sea"), stored(town, tmp_path / "town", dataset=named)]


def tables_of(document):
    return [block for block in document.blocks if isinstance(block, Table)]


def test_one_table_of_all_sets_and_one_for_each(runs):
    document = make_leaderboard(runs)
    overview, sea, town = tables_of(document)
    assert [row.label for row in overview.rows] == list(METHODS)
    assert [row.label for row in sea.rows if row.group != "truth"] == list(METHODS)
    assert [row.label for row in town.rows if row.group != "truth"] == list(METHODS[1:])
    values = {row.label: [entry.text for entry in row.entries] for row in overview.rows}
    assert values["gray"][2:] == ["–", "–"], "it was not run on the second set"
    auc = [column.label for column in sea.columns].index("AuC")
    assert values["pixel-knn"][0] == {row.label: row.entries[auc].text for row in sea.rows}["pixel-knn"]
    assert values["encoder-decoder"][1] == "1", "the best is in the first group"
    assert values["oracle-lowres"][1] == "–"


def test_runs_of_one_set_share_a_table_and_each_entry_has_its_command(maker, tmp_path):
    whole = maker.run(methods=METHODS, photos=20)
    halves = []
    for place, names in enumerate((METHODS[:2], METHODS[2:])):
        tables = {
            name: getattr(whole, name)[getattr(whole, name)["method"].isin(names)]
            for name in ("cells", "images")
        }
        halves.append(stored(replace(whole, **tables), tmp_path / str(place), command=f"bench run {place}"))
    document = make_leaderboard(halves)
    assert [row.label for row in tables_of(document)[1].rows if row.group != "truth"] == list(METHODS)
    assert tables_of(document)[0].rows == tables_of(make_leaderboard([whole]))[0].rows
    provenance = next(block for block in walk(document.blocks) if isinstance(block, PlainTable))
    commands = {row[0]: (row[2].text, row[-1].text) for row in provenance.rows}
    assert commands["gray"] == ("gray-0", "bench run 0")
    assert commands["pixel-knn"] == ("pixel-knn-0", "bench run 1")


def test_two_protocols_are_two_tables(runs, tmp_path):
    other = stored(runs[0], tmp_path / "other", protocol_digest="another")
    titles = [table.caption for table in tables_of(make_leaderboard([runs[0], other]))[1:]]
    assert len(titles) == 2
    assert "another" in titles[1]
    assert sum(isinstance(block, Details) for block in make_leaderboard([runs[0], other]).blocks) == 2


def test_nothing_gives_no_page(tmp_path):
    with pytest.raises(UserError, match="needs a run folder"):
        write_leaderboard([], tmp_path)


def test_names_from_outside_are_escaped(runs, tmp_path):
    dataset = {**runs[0].run.dataset, "name": '<script>alert("a")</script>'}
    odd = stored(runs[0], tmp_path / "odd", dataset=dataset, command="bench run '<b>'")
    page = Page(write_leaderboard([odd], tmp_path / "site").read_text())
    assert not page.open
    assert '<script>alert("a")</script>' in page.text
    assert "bench run '<b>'" in page.text
    assert page.loaded == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1300])
def test_the_page_is_fit_for_everybody(runs, tmp_path, open_page, accessibility_faults, scheme, width):
    page, problems = open_page(
        write_leaderboard(runs, tmp_path / "site").as_uri(),
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
    )
    assert accessibility_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.fill("#filter", "knn")
    assert page.locator("table.results").first.locator("tbody tr:visible").count() == 1
    assert problems == []
