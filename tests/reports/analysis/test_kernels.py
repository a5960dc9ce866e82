import json
import re

import pandas as pd
import pytest

from huebench import UserError
from huebench.reports.analysis.kernels import FILE, copy_kernels, read_kernels, read_timings
from huebench.reports.analysis.summary import summarize
from huebench.reports.report import write_formats, write_report
from huebench.reports.sections.speed import methods_table


def benchmark(library, median, group="search", items=None, **facts):
    extra = facts if items is None else {**facts, "items": items}
    facts = {"params": {"library": library}, "stats": {"median": median}, "extra_info": extra}
    return {"group": group, "name": "test", **facts}


def keep(folder, *benchmarks):
    machine = {
        "cpu": {"brand_raw": "Xeon|2", "count": 2},
        "machine": "x86_64",
        "python_version": "3.11.7",
        "system": "Linux",
    }
    text = json.dumps({"machine_info": machine, "benchmarks": benchmarks})
    (folder / FILE).write_text(text, encoding="utf-8")


def test_the_table_has_the_time_of_one_photo_the_warm_up_and_what_it_ran_on(maker):
    results = maker.run(methods=("gray", "pixel-knn", "fusion"), seeds=(0, 1))
    results.cells["images_per_second"] = results.cells["method"].map(
        {"gray": 1000.0, "pixel-knn": 4.0, "fusion": pd.NA}
    )
    table = methods_table(results, summarize(results))
    texts = {row.label: [entry.text for entry in row.entries] for row in table.rows}
    assert [column.title for column in table.columns][-3:] == [
        "peak memory (MiB)", "on disk (MiB)", "parameters",
    ]  # fmt: skip
    assert texts == {
        "gray": ["1,000", "1 ms", "250 ms", "cpu, 2 threads", "300", "–", "0"],
        "pixel-knn": ["4", "250 ms", "250 ms", "cpu, 2 threads", "300", "–", "0"],
        "fusion": ["–"] * 7,
    }
    assert table.columns[0].title == "images/s"


def test_kernels_are_grouped_with_the_fastest_first_and_their_ratio_to_ours(tmp_path):
    keep(
        tmp_path,
        benchmark("faiss", 2.0, items=10, recall=0.98712),
        benchmark("minisom", 1.0, group="map"),
        benchmark("huebench", 0.5, items=25),
    )
    kernels = read_kernels(tmp_path)
    assert kernels.machine == "Xeon|2, 2 cores, Python 3.11.7, Linux"
    assert [timing.row for timing in kernels.timings] == [
        ("search", "huebench", "20 ms", "1.00×", ""),
        ("search", "faiss", "200 ms", "10.00×", "recall 0.987"),
        ("map", "minisom", "1 s", "", ""),
    ]
    assert [timing.seconds for timing in read_timings(tmp_path / FILE)] == [0.2, 1.0, 0.02]


def test_a_run_folder_without_a_benchmark_has_no_kernels(maker, tmp_path):
    assert read_kernels(tmp_path) is None
    assert "compared with common alternatives" not in write_report(maker.run(), tmp_path).read_text()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"machine_info": {}, "benchmarks": []}'])
def test_another_file_of_that_name_is_named(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(UserError, match=r"speed\.json' was not written by bench speed"):
        read_kernels(tmp_path)


def test_a_copy_has_all_that_is_read_and_neither_single_rounds_nor_the_machines_name(tmp_path):
    (tmp_path / "copy").mkdir()
    copy_kernels(tmp_path, tmp_path / "copy")
    assert not (tmp_path / "copy" / FILE).exists()
    keep(tmp_path, benchmark("faiss", 2.0, items=10, recall=0.98712), benchmark("huebench", 0.5, items=25))
    whole = json.loads((tmp_path / FILE).read_text())
    whole["machine_info"]["node"] = "of-somebody"
    for one in whole["benchmarks"]:
        one["stats"]["data"] = [one["stats"]["median"]] * 1000
    (tmp_path / FILE).write_text(json.dumps(whole))
    copy_kernels(tmp_path, tmp_path)
    assert json.loads((tmp_path / FILE).read_text()) == whole
    copy_kernels(tmp_path, tmp_path / "copy")
    assert read_kernels(tmp_path / "copy") == read_kernels(tmp_path)
    assert [path.name for path in (tmp_path / "copy").iterdir()] == [FILE]
    copied = json.loads((tmp_path / "copy" / FILE).read_text())
    assert [one["stats"] for one in copied["benchmarks"]] == [{"median": 2.0}, {"median": 0.5}]
    assert "node" not in copied["machine_info"]


def test_both_reports_hold_them_and_markdown_follows_changes(maker, tmp_path):
    results = maker.run(methods=("gray", "pixel-knn"))
    before = write_report(results, tmp_path).read_text()
    keep(tmp_path, benchmark("huebench", 0.5), benchmark("scipy<1>", 1.5))
    after = write_report(results, tmp_path).read_text()
    assert "scipy" not in before
    assert r"scipy\<1\>" in after
    assert "3.00×" in after
    assert "Machine: processor Xeon, cores 2, memory 24 GiB, system Linux" in after
    page = write_formats(results, tmp_path, ["html"])[0].read_text()
    assert "scipy&lt;1&gt;" in page


def test_every_row_of_the_kernels_in_html_has_its_heading(maker, tmp_path):
    keep(
        tmp_path, benchmark("huebench", 0.5), benchmark("scipy", 1.5), benchmark("minisom", 1.0, group="map")
    )
    page = write_formats(maker.run(methods=("gray",)), tmp_path, ["html"])[0].read_text()
    table = page[page.index('<table class="plain" aria-label="Speed of the kernels">') :]
    headings = re.findall(r'<th scope="row">(.*?)</th>', table[: table.index("</table>")])
    assert headings == ["search", "search", "map"]
    assert not re.search(r"<th[^>]*>\s*</th>", page)
