import pytest

from huebench import UserError
from huebench.reports.analysis.material import Material
from huebench.reports.analysis.selection import Selection, parse_methods
from huebench.reports.report import write_formats
from huebench.reports.sections.layout import headline_table

METHODS = ("gray", "pixel-knn", "pix2pix", "fusion")


@pytest.fixture
def results(maker):
    return maker.run(methods=METHODS)


def methods_of(results):
    return list(results.cells["method"])


def test_labels_names_and_families_choose_methods_and_may_name_them(results):
    for table in (results.cells, results.images, results.curves, results.accuracy_curves):
        table["method"] = table["method"].replace("pixel-knn", "pixel-knn[a=1,b=2]")
    chosen = Selection("deep, Ours=pixel-knn[a=1,b=2]").of(results)
    assert methods_of(chosen) == ["Ours", "pix2pix", "fusion"]
    for table in (chosen.images, chosen.accuracy_curves):
        assert set(table["method"]) == {"Ours", "pix2pix", "fusion"}
    assert set(chosen.curves["method"]) == {"pix2pix", "fusion"}
    assert methods_of(Selection("pixel-knn").of(results)) == ["pixel-knn[a=1,b=2]"]
    assert methods_of(Selection("Ours=fusion,deep").of(results)) == methods_of(
        Selection("deep,Ours=fusion").of(results)
    )
    assert Selection().of(results) is results


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ("grey", "no method 'grey'; it has fusion, gray, pix2pix, pixel-knn"),
        ("Ours=deep", "'deep' stands for 2 methods: 'Ours' can name only one"),
        ("fusion=gray,fusion", "would have the same name"),
        ("A=gray,B=gray", "'gray' has two new names, 'A' and 'B': leave one out"),
        ("gray,[x]", r"cannot read the methods '\[x\]'"),
    ],
)
def test_what_does_not_fit_the_run_is_refused(results, methods, message):
    with pytest.raises(UserError, match=message):
        Selection(methods).of(results)


def test_a_quoted_value_may_hold_anything():
    label = 'external[file="a,b]=.onnx"]'
    assert parse_methods(f"Ours = {label},gray") == [(label, "Ours"), ("gray", "")]


def test_columns_and_decimals_of_the_first_table(results):
    chosen = Selection(columns=("auc", "images_per_second", "psnr"), precision=1)
    table = headline_table(Material(results, chosen))
    assert [column.label for column in table.columns] == ["AuC", "images/s", "PSNR"]
    assert [len(row.entries[2].text.partition(".")[2]) for row in table.rows] == [1] * len(table.rows)
    with pytest.raises(UserError, match="unknown column 'mse'; this run has psnr, ssim"):
        headline_table(Material(results, Selection(columns=("mse",))))


def test_coverage_is_a_column_only_where_some_is_missing(maker):
    whole, failed = (maker.run(methods=METHODS, failures=failures) for failures in (False, True))
    labels = [[column.label for column in headline_table(Material(run)).columns] for run in (whole, failed)]
    assert labels[1] == ["coverage", *labels[0]]


def test_a_changed_selection_is_written_again(results, tmp_path):
    path = write_formats(results, tmp_path, ["md"])[0]
    assert "1 method on" not in path.read_text()
    write_formats(results, tmp_path, ["md"], Selection("gray"))
    assert path.read_text().startswith("# huebench: 1 method on")
    write_formats(results, tmp_path, ["md"], Selection(title="My paper"))
    assert path.read_text().startswith("# My paper\n")
