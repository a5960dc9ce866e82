"""The page of published figures is the one that its data and the presets make."""

import runpy
from pathlib import Path

import pandas as pd
import pytest

import huebench
from huebench.bench.metrics import get_metric
from huebench.bench.protocol.presets import presets
from huebench.datasets.spec import dataset_info

DOCS = Path(huebench.__file__).parent / "docs"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(DOCS / "published.py"))


@pytest.fixture(scope="module")
def rows():
    return pd.read_csv(DOCS / "results" / "published.csv")


def test_the_page_is_up_to_date(script):
    written = (DOCS / "results" / "published.md").read_text(encoding="utf-8")
    assert written == script["render"](), "run docs/published.py"


def test_every_figure_has_a_source_a_set_and_a_metric_of_its_preset(script, rows):
    assert not rows.isna().any().any()
    assert not rows.duplicated(["preset", "set", "method", "metric", "source"]).any()
    for row in rows.itertuples():
        assert get_metric(row.metric).label
        assert row.set in script["SETS"] or dataset_info(row.set).summary
        if row.preset != script["NO_PRESET"]:
            assert row.metric in presets.get(row.preset).protocol.metrics


def test_a_figure_was_read_in_its_source_or_on_a_page_with_an_address(script, rows):
    own = {"the paper", "the source", script["UNCHECKED"]}
    elsewhere = rows[~rows.checked.isin(own)]
    assert elsewhere.checked.str.startswith("github.com/").all()
    assert rows[rows.checked == "the source"].source.str.startswith("github.com/").all()


def test_differences_of_colorfulness_belong_to_one_truth_a_set(rows):
    """In one paper's table, CF ± ΔCF is the colorfulness of the set's photos: a wrong digit would show."""
    paper = rows[rows.source == "Kang et al. 2023 (DDColor), Table 1"]
    for _, table in paper.groupby("set"):
        wide = table.pivot_table(index="method", columns="metric", values="value")
        above, below = (
            (wide.colorfulness_abs + sign * wide.delta_colorfulness_abs).round(2) for sign in (1, -1)
        )
        truth = pd.concat([above, below]).mode()[0]
        assert ((above == truth) | (below == truth)).all()


def test_a_field_that_differs_from_ours_is_shown(script):
    page = script["render"]()
    assert "| resize | center-crop | squash |" in page
    assert "| interpolation | bicubic |" in page
