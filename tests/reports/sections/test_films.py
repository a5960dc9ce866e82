"""The section on clips."""

import io

import numpy as np
import pytest
from PIL import Image

from huebench.reports.analysis.films import kept_clips
from huebench.reports.analysis.statistics import intervals
from huebench.reports.analysis.summary import summarize
from huebench.reports.blocks import Caveat, Data, Details, Figure, Heading, Prose, Table, plain
from huebench.reports.charts import side_by_side
from huebench.reports.report import make_document, write_formats

from ..clips import with_clips
from ..conftest import found, section

METHODS = ("gray", "oracle-lowres", "pix2pix")


def texts(kind, blocks):
    return [plain(block.text) for block in found(kind, blocks)]


def test_a_run_of_photos_has_no_section_on_clips(maker):
    assert section("films", maker.run(methods=METHODS)) == []


def test_few_clips_are_warned_of_and_ten_are_not(maker):
    few = section("films", with_clips(maker.run(methods=METHODS, photos=9), (1,) * 9))
    assert texts(Caveat, few) == [
        "Few clips. 9 clips, fewer than 10: no interval or test here can be trusted."
    ]
    ten = section("films", with_clips(maker.run(methods=METHODS, photos=10), (1,) * 10))
    assert not found(Caveat, ten)


def test_tables_are_over_clips_and_per_clip(maker):
    blocks = section("films", with_clips(maker.run(methods=METHODS, photos=12), (4, 4, 4)))
    tables = {table.name: table for table in found(Table, blocks)}
    assert [column.label for column in tables["clips"].columns] == ["CDC", "flicker"]
    assert [column.label for column in tables["flicker-per-clip"].columns] == ["clip0", "clip1", "clip2"]
    assert [row.label for row in tables["flicker-per-clip"].rows] == ["gray", "pix2pix", "oracle-lowres"]
    (data,) = found(Data, blocks)
    assert data.table.shape == (3, 3)


def test_what_is_counted_are_clips_in_captions_and_explanations(maker):
    document = make_document(with_clips(maker.run(methods=METHODS, photos=12), (4, 4, 4)))
    assert ", 3 clips, protocol " in document.subject
    (reading,) = [
        block for block in document.blocks if isinstance(block, Details) and "read" in block.summary
    ]
    told = " ".join(plain(item) for item in reading.blocks[0].items)
    assert "Coverage is clips scored / clips expected." in told


def test_clips_too_short_for_a_metric_are_named_and_it_has_neither_mean_nor_interval(maker):
    results = with_clips(maker.run(methods=METHODS, photos=12), (4, 4, 4))
    short = results.images["clip"] == "clip1"
    results.images.loc[short, ["cdc", "cdc_truth"]] = np.nan
    blocks = section("films", results)
    (told,) = [text for text in texts(Prose, blocks) if text.startswith("Unknown")]
    assert told.startswith("Unknown for 1 of 3 clips: CDC. There is no mean, ")
    assert "Leave out clip1: " in told
    summary = summarize(results)
    assert summary.scores["cdc"].isna().all()
    assert np.isnan(summary.truth["cdc"])
    found_intervals = intervals(summary)
    assert found_intervals.low["cdc"].isna().all()
    assert found_intervals.low["flicker"].notna().all()


def test_many_clips_are_cut_into_tables_of_eight_and_the_rest_is_told(maker):
    blocks = section("films", with_clips(maker.run(methods=METHODS, photos=30), (1,) * 30))
    widths = [len(table.columns) for table in found(Table, blocks) if table.name == "flicker-per-clip"]
    assert widths == [8, 8, 8]
    assert "These are 24 of 30 clips; the CSV report has all." in [
        plain(block.text) for block in blocks if hasattr(block, "text")
    ]


def test_the_kept_clip_is_shown_over_time(maker):
    results = with_clips(maker.run(methods=METHODS, photos=6, pictures=True), (4, 2))
    clip, *_ = kept_clips(results, summarize(results))
    assert (clip.clip, clip.frames) == ("clip0", (0, 1, 2, 3))
    assert list(clip.pictures) == ["input", "truth", *METHODS[::2], METHODS[1]]
    slices = clip.slices()
    side = maker.picture_size
    assert slices["truth"].shape == (side, 4, 3)
    np.testing.assert_array_equal(slices["truth"][:, 2], clip.picture("truth", 2)[:, side // 2])
    assert clip.drift["truth"].iloc[0] == 0 < clip.drift["truth"].iloc[1]
    assert clip.drift["gray"].max() < 2
    blocks = section("films", results)
    assert "A clip over time: clip0" in texts(Heading, blocks)
    figures = {figure.file: figure for figure in found(Figure, blocks)}
    films = {figure.file for figure in figures.values() if figure.moves}
    assert set(figures) - films == {"cdc-by-gap.png", "clip-strips.jpg", "clip-slices.png", "clip-drift.png"}
    for figure in (each for each in figures.values() if not each.moves):
        with Image.open(io.BytesIO(figure.content)) as picture:
            assert min(picture.size) > 100


def test_every_format_takes_it(maker, tmp_path):
    results = with_clips(maker.run(methods=METHODS, photos=6, pictures=True), (4, 2))
    for path in write_formats(results, tmp_path / "report"):
        assert path.exists()
    assert "clip0" in (tmp_path / "report" / "report.md").read_text()


def test_the_kept_clip_is_shown_in_motion(maker, tmp_path):
    av = pytest.importorskip("av", reason="needs the extra 'video'")
    results = with_clips(maker.run(methods=METHODS, photos=6, pictures=True), (4, 2))
    made, *_ = (figure for figure in found(Figure, section("films", results)) if figure.moves)
    with av.open(io.BytesIO(made.content)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    clip, *_ = kept_clips(results, summarize(results))
    assert len(frames) == len(clip.frames) == 4
    for place, frame in enumerate(frames):
        assert np.abs(frame.astype(int) - side_by_side.sheet(clip, place)).mean() < 4
    again = side_by_side.film(clip)
    assert again == made.content
    write_formats(results, tmp_path, ("md", "html"))
    assert (tmp_path / "figures" / made.file).read_bytes() == again
    assert f"](figures/{made.file})" in (tmp_path / "report.md").read_text()
    assert f"![{made.alt}" not in (tmp_path / "report.md").read_text()
    assert '<video src="data:video/mp4;base64,' in (tmp_path / "report.html").read_text()


def test_every_kept_clip_is_shown_in_motion(maker, tmp_path):
    av = pytest.importorskip("av", reason="needs the extra 'video'")
    maker.kept_photos = 10
    results = with_clips(maker.run(methods=METHODS, photos=10, pictures=True), (4, 3, 1, 2))
    clips = kept_clips(results, summarize(results))
    assert sorted(clip.clip for clip in clips) == ["clip0", "clip1", "clip2", "clip3"]
    shown = [clip for number, clip in enumerate(clips) if number == 0 or len(clip.frames) > 1]
    made = [figure for figure in found(Figure, section("films", results)) if figure.moves]
    assert len({figure.file for figure in made}) == len(shown) >= 3
    for clip, figure in zip(shown, made, strict=True):
        assert clip.clip in figure.alt
        with av.open(io.BytesIO(figure.content)) as film:
            frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        assert len(frames) == len(clip.frames)
        assert np.abs(frames[0].astype(int) - side_by_side.sheet(clip, 0)).mean() < 4
    write_formats(results, tmp_path, ("html",))
    assert (tmp_path / "report.html").read_text().count("<video ") == len(shown)


def test_without_pyav_the_section_says_what_to_install(maker, monkeypatch):
    monkeypatch.setattr(side_by_side, "find_spec", lambda name: None)
    results = with_clips(maker.run(methods=METHODS, photos=6, pictures=True), (4, 2))
    blocks = section("films", results)
    assert not [figure for figure in found(Figure, blocks) if figure.moves]
    assert any("pip install 'huebench[video]'" in text for text in texts(Prose, blocks))
