import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from huebench.reports import blocks
from huebench.reports.analysis.selection import Selection
from huebench.reports.blocks import Column, Entry, Row
from huebench.reports.formats.latex import latex, readable
from huebench.reports.report import write_formats


def made_table(columns, rows):
    return blocks.Table(columns, rows, "x", "X")


def table_of(label="a", text="1.00", title="PSNR"):
    return made_table(
        (Column(title, "dB", "↑"), Column(title, "dB", "↑")), (Row(label, "deep", (Entry(text, 1.0),) * 2),)
    )


def test_best_is_bold_and_second_underlined_between_rules():
    rows = (Row("a", "deep", (Entry("2.00", 2.0, 1),)), Row("b", "deep", (Entry("−1.00 ± 0.10", -1.0, 2),)))
    made = latex(made_table((Column("PSNR", "dB", "↑"),), rows), "Results.", "tab:x")
    assert r"\begin{tabular}{@{}lr@{}}" in made
    assert r" & PSNR $\uparrow$ (dB) \\" in made
    assert "\n" + r"a & \textbf{2.00} \\" in made
    assert "\n" + r"b & \underline{$-$1.00 $\pm$ 0.10} \\" in made
    assert re.findall(r"\\(\w+rule)", made) == ["toprule", "midrule", "bottomrule"]
    assert r"\caption{Results.}" in made
    assert r"\label{tab:x}" in made


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a_b", r"a\_b"),
        ("50% & {x} #1 $", r"50\% \& \{x\} \#1 \$"),
        ("\\input{x}", r"\textbackslash{}input\{x\}"),
        ("~^<>|", r"\textasciitilde{}\textasciicircum{}$<$$>$$|$"),
    ],
)
def test_everything_from_outside_is_escaped(text, escaped):
    made = latex(table_of(label=text, text=text, title=text), text, "tab:x")
    made = made.replace(r"\\", " ")  # a heading may have two lines
    assert made.count(escaped) == 6  # the caption, two headings, the label, two cells
    assert text not in made


def test_a_line_parts_the_families_and_oracles_are_in_italics():
    rows = tuple(
        Row(label, group, (Entry("1.00", 1.0),))
        for label, group in (("a", "deep"), ("b", "deep"), ("c", "published"), ("d", "oracle"))
    )
    made = latex(made_table((Column("PSNR"),), rows), "X", "tab:x")
    body = made.partition("\\midrule\n")[2].partition("\\bottomrule")[0]
    assert [line.partition(" &")[0] for line in body.splitlines()] == [
        "a", "b", r"\midrule", "c", r"\midrule", r"\textit{d}",
    ]  # fmt: skip


@pytest.mark.parametrize(("columns", "kind"), [(4, "table"), (9, "table*")])
def test_a_wide_table_spans_both_columns_of_a_paper(columns, kind):
    made = latex(wide(columns, label="gray"), "X", "tab:x")
    assert made.startswith(rf"\begin{{{kind}}}" + "\n")
    assert made.endswith(rf"\end{{{kind}}}" + "\n")


def wide(columns=12, label="resnet34-classification", text="22.64"):
    headings = tuple(Column(f"metric {i}") for i in range(columns))
    entries = tuple(Entry(text, float(i)) for i in range(columns))
    return made_table(headings, (Row(label, "classical", entries), Row("b", "deep", entries)))


def test_a_table_is_never_wider_than_the_line():
    made = latex(wide(), "Results.", "tab:x")
    fitting = re.search(r"\\begin{adjustbox}{max width=\\linewidth}(.*)\\end{adjustbox}", made, re.DOTALL)
    assert fitting[1].strip().startswith(r"\begin{tabular}")
    assert fitting[1].strip().endswith(r"\end{tabular}")


def test_a_heading_wider_than_its_column_has_two_lines():
    column = Column("AuC rebalanced", "", "↑")
    made = latex(made_table((column,), (Row("a", "deep", (Entry("0.91", 0.91),)),)), "Results.", "tab:x")
    assert r" & \begin{tabular}[b]{@{}r@{}}AuC\\rebalanced $\uparrow$\end{tabular} \\" in made
    made = latex(
        made_table((column,), (Row("a", "deep", (Entry("wider than its heading", 0.91),)),)),
        "Results.",
        "tab:x",
    )
    assert r" & AuC rebalanced $\uparrow$ \\" in made


def test_a_table_that_would_be_too_small_to_read_is_split_evenly():
    assert readable(wide(columns=5)) == [wide(columns=5)]
    parts = readable(wide(columns=12))
    assert [len(part.columns) for part in parts] == [6, 6]
    assert sum((part.columns for part in parts), ()) == wide(columns=12).columns
    for i in range(2):
        assert sum((part.rows[i].entries for part in parts), ()) == wide(columns=12).rows[i].entries
        assert {part.rows[i].label for part in parts} == {wide().rows[i].label}
    assert len(readable(wide(columns=4, label="x" * 200))) == 1
    assert [len(part.columns) for part in readable(wide(columns=3, text="x" * 200))] == [1, 1, 1]


def test_an_interval_stays_next_to_its_value():
    headings = ("AuC", "95% interval", "average rank", "difference", "95% interval", "effect", "p")
    texts = ("0.891", "0.882 … 0.900", "8.60", "−0.016", "−0.020 … −0.012", "18% of them all", "< 0.001")
    row = Row("resnet34-classification[epochs=30]", "deep", tuple(Entry(text, 1.0) for text in texts))
    parts = readable(made_table(tuple(map(Column, headings)), (row,)))
    assert [[column.label for column in part.columns] for part in parts] == [
        ["AuC", "95% interval", "average rank"],
        ["difference", "95% interval", "effect", "p"],
    ]


def test_the_truth_is_left_out_where_a_part_has_none_of_its_values():
    table = wide()
    known = (Entry("44.22", 44.22), *[Entry("–")] * 11)
    missing = tuple([Entry("–")] * 12)
    rows = (*table.rows, Row("failed", "deep", missing), Row("truth", "truth", known))
    parts = readable(made_table(table.columns, rows))
    assert [[row.label for row in part.rows[2:]] for part in parts] == [["failed", "truth"], ["failed"]]


def test_files_of_a_run(maker, tmp_path):
    results = maker.run(photos=20, failures=True, categories=tuple("abcdefghij"))
    folder = write_formats(results, tmp_path, ["latex"])[0]
    assert folder == tmp_path / "latex"
    means = ("headline", "further", "with-near-grey", "auc-by-category", "psnr-by-category")
    differences = ("auc-differences", "auc_rebalanced-differences", "psnr-differences")
    names = (*means, *(f"{name}-intervals" for name in means), *differences, "speed")
    assert {path.name for path in folder.iterdir()} == {f"{name}.tex" for name in names}
    for path in folder.iterdir():
        body = path.read_text(encoding="utf-8")
        assert not re.search("[↑↓→Δ±−∞…–]", body)
        tables = re.findall(r"\\begin{table\*?}.*?\\end{table\*?}", body, re.DOTALL)
        names = [f"tab:{path.stem}", *(f"tab:{path.stem}-{i}" for i in range(2, len(tables) + 1))]
        assert re.findall(r"\\label{(.+)}", body) == names
        for i, table in enumerate(tables, 1):
            columns = len(re.search(r"\\begin{tabular}{@{}(\w+)@{}}", table)[1])
            rows = [line for line in table.splitlines() if line.endswith(r"\\")]
            assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {columns - 1}
            assert table.count(r"\begin{adjustbox}{max width=\linewidth}") == 1
            assert (f"Part {i} of {len(tables)}." in table) == (len(tables) > 1)


@pytest.fixture(scope="module")
def pdflatex():
    """Return what pdflatex says of a document with some folder's tables."""
    if not shutil.which("pdflatex"):
        pytest.skip("no pdflatex on the path")
    for package in ("booktabs", "adjustbox"):
        if subprocess.run(["kpsewhich", f"{package}.sty"], stdout=subprocess.DEVNULL, check=False).returncode:
            pytest.skip(f"LaTeX has no {package}.sty (Debian: texlive-latex-extra)")

    def compile_tables(folder, options=""):
        tables = "\n".join(rf"\input{{{path.stem}}}\clearpage" for path in sorted(folder.glob("*.tex")))
        (folder / "document.tex").write_text(
            rf"\documentclass[{options}]{{article}}\usepackage{{booktabs,adjustbox}}\begin{{document}}{tables}\end{{document}}"
        )
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout
        return (folder / "document.log").read_text(encoding="utf-8", errors="replace")

    return compile_tables


def test_the_headline_is_one_table(maker, tmp_path):
    results, short = maker.run(), {"colorfulness": "CF", "AuC rebalanced": "AuC reb."}  # as registered
    metrics = tuple(replace(each, label=short.get(each.label, each.label)) for each in results.run.metrics)
    results = replace(results, run=replace(results.run, metrics=metrics))
    folder = write_formats(results, tmp_path, ["latex"])[0]
    headline = (folder / "headline.tex").read_text()
    assert headline.count(r"\begin{tabular}{") == 1
    assert "coverage" not in headline


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_every_table_compiles_and_fits_the_page(maker, tmp_path, pdflatex, seeds):
    results = maker.run(photos=20, seeds=seeds, failures=True, categories=tuple("abcdefghij"))
    for table in (results.cells, results.images):
        table["method"] = table["method"].replace("pixel-knn", "pixel-knn[neighbours=1,weights_100%=a_b]")
    log = pdflatex(write_formats(results, tmp_path, ["latex"])[0])
    assert "Overfull" not in log
    assert "Float too large" not in log


@pytest.mark.parametrize(
    ("columns", "kind"), [(("psnr", "auc", "colorfulness"), "table"), ((), "table*")], ids=["narrow", "wide"]
)
def test_the_headline_of_a_paper_with_two_columns_compiles(maker, tmp_path, pdflatex, columns, kind):
    chosen = Selection(methods="classical,Ours=encoder-decoder", columns=columns)
    folder = write_formats(maker.run(photos=20), tmp_path, ["latex"], chosen)[0]
    assert (folder / "headline.tex").read_text().startswith(rf"\begin{{{kind}}}")
    for other in set(folder.iterdir()) - {folder / "headline.tex"}:
        other.unlink()
    log = pdflatex(folder, "twocolumn")
    assert "Overfull" not in log
    assert "Output written on document.pdf (1 page" in log
