import json
from dataclasses import replace

import pytest

from huebench import UserError
from huebench.reports.charts import style
from huebench.reports.report import fingerprint, write_formats, write_report
from huebench.reports.tables import read_results, write_results

TEXTS = {".md", ".html", ".tex", ".csv"}

METHODS = ("gray", "oracle-lowres", "mean-ab", "pixel-knn", "pix2pix")


def test_every_format_says_where_it_is(maker, tmp_path):
    paths = write_formats(maker.run(methods=("gray", "fusion")), tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "report.md",
        "report.html",
        "latex",
        "csv",
    ]
    assert all(path.exists() for path in paths)


@pytest.mark.usefixtures("drawn")
def test_a_format_that_was_not_asked_for_before_is_added(maker, tmp_path):
    results = maker.run(methods=METHODS)
    write_formats(results, tmp_path, ["md"])
    assert not (tmp_path / "report.html").exists()
    before = (tmp_path / "report.md").stat().st_mtime_ns
    write_report(results, tmp_path)
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "report.md").stat().st_mtime_ns == before


def test_only_the_requested_formats_are_written(maker, tmp_path):
    write_formats(maker.run(methods=("gray",)), tmp_path, ["csv"])
    assert [path.name for path in tmp_path.iterdir()] == ["csv"]


def test_an_unknown_format_is_refused_with_the_known_ones(maker, tmp_path):
    with pytest.raises(UserError, match="unknown report format 'pdf'; known: md, html, latex, csv"):
        write_formats(maker.run(methods=("gray",)), tmp_path, ["md", "pdf"])
    with pytest.raises(UserError, match="no report format is named: name some of md, html, latex, csv"):
        write_formats(maker.run(methods=("gray",)), tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_the_same_run_gives_the_same_bytes_whether_read_back_or_not(maker, tmp_path):
    results = maker.run(methods=METHODS[2:], pictures=True, seeds=(0, 1))
    write_results(results, maker.folder)
    write_report(results, tmp_path / "a")
    write_report(read_results(maker.folder), tmp_path / "b")
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

    monkeypatch.setattr(style, "encode", encode)
    monkeypatch.setattr(style, "inline_svg", lambda figure, name: "<svg></svg>")
    return calls


def test_unchanged_results_are_not_drawn_again(maker, tmp_path, drawn):
    results = maker.run(methods=METHODS, pictures=True)
    first = write_report(results, tmp_path).read_bytes()
    once = len(drawn)
    assert once > 6
    later = replace(results, run=replace(results.run, started="2026-01-01T00:00:00+00:00", seconds=1.0))
    assert write_report(later, tmp_path).read_bytes() == first
    assert len(drawn) == once


def test_changed_results_and_lost_files_are_drawn_again(maker, tmp_path, drawn):
    results = maker.run(methods=METHODS, pictures=True)
    write_report(results, tmp_path)
    once = len(drawn)
    results.images.loc[0, "psnr"] += 0.5
    write_report(results, tmp_path)
    assert len(drawn) == 2 * once
    (tmp_path / "figures" / "training-curves.png").unlink()
    write_report(results, tmp_path)
    assert len(drawn) == 3 * once


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize("damage", ["", "something else"])
def test_a_damaged_report_is_written_again(maker, tmp_path, damage):
    results = maker.run(methods=METHODS)
    whole = write_report(results, tmp_path).read_text()
    for file in ("report.md", "report.html", "figures/speed.png"):
        before = (tmp_path / file).read_bytes()
        (tmp_path / file).write_text(damage)
        write_report(results, tmp_path)
        assert (tmp_path / file).read_bytes() == before
    assert (tmp_path / "report.md").read_text() == whole


def test_control_characters_reach_no_format(maker, tmp_path):
    results = maker.run(methods=METHODS, failures=True)
    evil = "a\x1b]0;x\x07\x9b31m\u202eb"
    results.cells["reason"] = results.cells["reason"].where(results.cells["reason"].isna(), evil)
    results.images["photo"] = evil + results.images["photo"]
    write_formats(results, tmp_path)
    texts = {path: path.read_text() for path in tmp_path.rglob("*.*") if path.suffix in TEXTS}
    assert len(texts) > 5
    for path, text in texts.items():
        assert not set("\x1b\x07\x9b\u202e") & set(text), path
    assert r"\x1b]0;x\x07\x9b31m\u202eb" in texts[tmp_path / "csv" / "images.csv"]


@pytest.mark.parametrize("stamp", ["", "{}", "[1", "[]", '{"files": [1]}'])
def test_a_damaged_stamp_only_costs_time(maker, tmp_path, drawn, stamp):
    results = maker.run(methods=METHODS)
    write_report(results, tmp_path)
    once = len(drawn)
    (tmp_path / ".report.json").write_text(stamp)
    write_report(results, tmp_path)
    assert len(drawn) == 2 * once


@pytest.mark.usefixtures("drawn")
def test_stale_figures_go_and_foreign_files_stay(maker, tmp_path):
    write_report(maker.run(methods=METHODS, pictures=True), tmp_path)
    (tmp_path / "figures" / "mine.png").write_bytes(b"mine")
    (tmp_path / "precious.txt").write_text("mine")
    stamp = json.loads((tmp_path / ".report.json").read_text())
    stamp["files"]["figures/../precious.txt"] = ""
    (tmp_path / ".report.json").write_text(json.dumps(stamp))
    write_report(maker.run(methods=("gray",)), tmp_path)
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
