import re

import pytest

from huebench.reports.latex import latex, write_latex
from huebench.reports.layout import Cell, Column, Row, Table
from huebench.reports.material import Material


def table_of(label="a", text="1.00", title="PSNR"):
    return Table(
        (Column(title, "dB", "↑"), Column(title, "dB", "↑")), (Row(label, "deep", (Cell(text, 1.0),) * 2),)
    )


def test_best_is_bold_and_second_underlined_between_rules():
    rows = (Row("a", "deep", (Cell("2.00", 2.0, 1),)), Row("b", "deep", (Cell("−1.00 ± 0.10", -1.0, 2),)))
    made = latex(Table((Column("PSNR", "dB", "↑"),), rows), "Results.", "tab:x")
    assert r"\begin{tabular}{llr}" in made
    assert r"PSNR $\uparrow$ (dB) \\" in made
    assert r"deep & a & \textbf{2.00} \\" in made
    assert r" & b & \underline{$-$1.00 $\pm$ 0.10} \\" in made
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
    assert made.count(escaped) == 6  # the caption, two headings, the label, two cells
    assert text not in made


def test_files_of_a_run(maker, tmp_path):
    results = maker.run(photos=20, failures=True, categories=tuple("abcdefghij"))
    folder = write_latex(Material(results), tmp_path)
    assert folder == tmp_path / "latex"
    assert {path.name for path in folder.iterdir()} == {
        "headline.tex",
        "further.tex",
        "without-near-grey.tex",
        "auc-by-category-1.tex",
        "auc-by-category-2.tex",
        "psnr-by-category-1.tex",
        "psnr-by-category-2.tex",
        "auc-differences.tex",
        "auc_rebalanced-differences.tex",
        "psnr-differences.tex",
    }
    for path in folder.iterdir():
        body = path.read_text(encoding="utf-8")
        columns = len(re.search(r"\\begin{tabular}{(\w+)}", body)[1])
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {columns - 1}
        assert not re.search("[↑↓→Δ±−∞…–]", body)
