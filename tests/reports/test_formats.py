import pytest

from huebench import UserError
from huebench.reports.formats import write_formats


def test_every_format_says_where_it_is(maker, tmp_path):
    paths = write_formats(maker.run(methods=("gray", "fusion")), tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "report.md",
        "report.html",
        "latex",
        "csv",
    ]
    assert all(path.exists() for path in paths)


def test_only_what_was_asked_for_is_written(maker, tmp_path):
    write_formats(maker.run(methods=("gray",)), tmp_path, ["csv"])
    assert [path.name for path in tmp_path.iterdir()] == ["csv"]


def test_an_unknown_format_is_refused_with_the_known_ones(maker, tmp_path):
    with pytest.raises(UserError, match="unknown report format 'pdf'; known: md, html, latex, csv"):
        write_formats(maker.run(methods=("gray",)), tmp_path, ["md", "pdf"])
    assert list(tmp_path.iterdir()) == []
