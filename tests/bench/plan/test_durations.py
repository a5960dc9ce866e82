"""How long cells took, remembered for estimates."""

import json

import pytest

from huebench.bench.plan import durations as module
from huebench.bench.plan.durations import FILE, Durations
from huebench.bench.plan.plan import make_plan
from huebench.bench.plan.request import Request
from huebench.datasets.digests import cache_folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path / "cache"))


def cell_of(tmp_path, **options):
    given = {"methods": "random-ab", "limit": 2, "metrics": "psnr", "threads": 1, "device": "cpu", **options}
    return make_plan(Request.of(out=tmp_path / "run", **given)).cells[0]


def test_a_later_run_knows_how_long_an_equal_cell_took(tmp_path):
    cell = cell_of(tmp_path)
    assert Durations().expected(cell) is None
    Durations().record(cell, 12.34)
    assert Durations().expected(cell_of(tmp_path, seeds=(7,))) == 12.3
    for options in ({"limit": 3}, {"budget": "paper"}, {"methods": "gray"}, {"size": 32}, {"threads": 2}):
        assert Durations().expected(cell_of(tmp_path, **options)) is None, options


def test_a_damaged_file_counts_as_empty_and_is_replaced(tmp_path):
    cell = cell_of(tmp_path)
    for damage in ("", "[1, 2]", '{"a": "b"}', "{"):
        cache_folder().mkdir(parents=True, exist_ok=True)
        (cache_folder() / FILE).write_text(damage)
        assert Durations().expected(cell) is None
        Durations().record(cell, 1)
        assert Durations().expected(cell) == 1


def test_the_oldest_cells_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    first, second, third = (cell_of(tmp_path, limit=limit) for limit in (1, 2, 3))
    for cell in (first, second, third):
        Durations().record(cell, 5)
    assert [Durations().expected(cell) for cell in (first, second, third)] == [None, 5, 5]
    assert len(json.loads((cache_folder() / FILE).read_text())) == 2
