"""The page of published figures is the one that its data and the presets make."""

import runpy
from pathlib import Path

import pandas as pd

import huebench
from huebench.bench.protocol.presets import presets

DOCS = Path(huebench.__file__).parent / "docs"


def test_the_page_is_up_to_date():
    page = runpy.run_path(str(DOCS / "published.py"))["render"]()
    assert (DOCS / "results" / "published.md").read_text(encoding="utf-8") == page, "run docs/published.py"


def test_every_figure_has_a_source_and_a_metric_of_its_preset():
    rows = pd.read_csv(DOCS / "results" / "published.csv")
    assert not rows.isna().any().any()
    assert not rows.duplicated(["preset", "set", "method", "metric"]).any()
    for row in rows.itertuples():
        assert row.metric in presets.get(row.preset).protocol.metrics


def test_a_field_that_differs_from_ours_is_shown():
    render = runpy.run_path(str(DOCS / "published.py"))["render"]
    assert "| resize | center-crop | squash |" in render()
    assert "| interpolation | bicubic |" in render()
