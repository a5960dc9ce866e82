import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from huebench.reports import comparison_json, comparison_junit
from huebench.reports.analysis.comparison import compare_runs
from huebench.reports.analysis.gate import breaches, parse_limits


def parsed(text):
    return ET.fromstring(text)  # noqa: S314  # we wrote it


@pytest.fixture
def comparison(maker):
    before = maker.run(methods=("gray", "mean-ab"))
    images = before.images.copy()
    images.loc[images["method"] == "gray", "psnr"] -= 0.5
    cells = before.cells.assign(
        code=["new" if method == "gray" else "old" for method in before.cells["method"]]
    )
    before = replace(before, cells=before.cells.assign(code="old"))
    return compare_runs(before, replace(before, images=images, cells=cells))


def test_json_holds_every_change_and_whose_code_changed(comparison):
    limits = parse_limits("psnr:-0.2", comparison.metrics)
    found = json.loads(comparison_json.render(comparison, limits, breaches(comparison, limits)))
    assert len(found["changes"]) == len(comparison.changes)
    (worse,) = (row for row in found["changes"] if row["verdict"] == "worse")
    assert (worse["method"], worse["metric"]) == ("gray", "psnr")
    assert worse["difference"] == pytest.approx(-0.5)
    assert found["code_changed"] == ["gray"]
    assert [(each["method"], each["limit"]) for each in found["broken_limits"]] == [("gray", "psnr:-0.2")]
    stored = next(row for row in found["changes"] if row["metric"] == "fid")
    assert stored["p_adjusted"] is None


def test_junit_fails_where_a_method_is_significantly_worse(comparison):
    limits = parse_limits("psnr:-0.2", comparison.metrics)
    suite = parsed(comparison_junit.render(comparison, breaches(comparison, limits)))
    failed = [(case.get("classname"), case.get("name")) for case in suite if case.find("failure") is not None]
    assert failed == [("gray", "psnr"), ("gray", "limit psnr:-0.2")]
    assert int(suite.get("failures")) == 2
    assert int(suite.get("tests")) == len(comparison.changes) + 1
    assert "−0.50" in suite.find(".//failure").get("message")


def test_junit_takes_any_name_of_a_method(comparison):
    index = comparison.changes.index.set_levels(['<&"\x1b[2J', "mean-ab"], level="method")
    odd = replace(comparison, changes=comparison.changes.set_axis(index))
    suite = parsed(comparison_junit.render(odd, []))
    assert suite[0].get("classname") == '<&"\\x1b[2J'


def test_unchanged_runs_pass(maker):
    results = maker.run(methods=("gray", "mean-ab"))
    suite = parsed(comparison_junit.render(compare_runs(results, results), []))
    assert suite.get("failures") == "0"
