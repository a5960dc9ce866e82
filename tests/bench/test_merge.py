import shutil
from dataclasses import replace

import pytest

import huebench
from huebench import UserError
from huebench.bench.merge import merge
from huebench.bench.plan.cell import Cell
from huebench.reports.tables import EXAMPLE_COLUMNS, read_results, typed, write_results

METRICS = ("psnr", "auc", "auc_rebalanced", "colorfulness")


@pytest.fixture(scope="module")
def other_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("other") / "ben"
    huebench.run(methods="gray,mine=random-ab", limit=3, metrics=METRICS, out=out)
    return out


@pytest.fixture
def runs(run, other_run):
    return [read_results(run), read_results(other_run)]


def test_a_merged_run_is_a_run_folder_like_any_other(bench, run, other_run, tmp_path):
    code, output = bench("merge", run, other_run, "--out", "team")
    assert code == 0, output
    assert "report: team/report.html" in output
    results = read_results(tmp_path / "team")
    assert sorted(results.cells["method"]) == ["gray", "mean-ab", "mine"]
    assert results.images["picture"].notna().all()
    assert (tmp_path / "team" / "report.html").is_file()
    code, output = bench("compare", run, "team")
    assert code == 0, output
    assert "no change" in output
    photo = next((tmp_path / "team" / "pictures").rglob("*.png"))
    code, output = bench("colorize", photo, "--from", "team", "--method", "mine", "--out", "colour")
    assert code == 0, output
    assert len(list((tmp_path / "colour").glob("*.png"))) == 1
    code, output = bench("merge", run, other_run, "--out", "team")
    assert code == 2
    assert "is a run folder already" in output


def test_results_with_two_keys_get_two_names_and_links_are_left_out(runs, tmp_path):
    (tmp_path / "secret").write_text("secret")
    own = Cell.read(runs[0].folder, runs[0].cells["cell"].iloc[0])
    (own.folder / "link").symlink_to(tmp_path / "secret")
    committed = tmp_path / "committed"
    committed.mkdir()
    keys = {own.key: "0" * 16}
    tables = {
        name: getattr(runs[1], name).assign(cell=getattr(runs[1], name)["cell"].replace(keys))
        for name in ("cells", "images", "curves", "accuracy_curves")
    }
    write_results(replace(runs[1], **tables), committed)
    results, _, renamed = merge([runs[0], read_results(committed)], tmp_path / "team", "")
    assert renamed == {"gray": ["gray (out)", "gray (committed)"]}
    assert sorted(results.cells["method"]) == ["gray (committed)", "gray (out)", "mean-ab", "mine"]
    copied = Cell.read(tmp_path / "team", own.key)
    assert copied.label == "gray (out)"
    assert copied.status() == own.status()
    assert not (copied.folder / "link").exists()


def test_the_pictures_of_every_table_are_copied(runs, tmp_path):
    path = runs[0].folder / "pictures" / "by-example.png"
    shutil.copyfile(runs[0].folder / runs[0].images["picture"].iloc[0], path)
    apart = runs[0].images.assign(choice="similar", picture=str(path.relative_to(runs[0].folder)))
    with_examples = replace(runs[0], examples=typed(apart, EXAMPLE_COLUMNS))
    results, _, _ = merge([with_examples, runs[1]], tmp_path / "team", "")
    assert set(results.examples["picture"]) == {"pictures/by-example.png"}
    assert (tmp_path / "team" / "pictures" / "by-example.png").is_file()


def test_another_protocol_is_refused_with_both_values(runs, tmp_path):
    protocol = {**runs[1].run.protocol, "size": 32}
    other = replace(runs[1], run=replace(runs[1].run, protocol=protocol, protocol_digest="other"))
    with pytest.raises(UserError, match=r"cannot be merged, because they differ in .*size: 128 → 32"):
        merge([runs[0], other], tmp_path / "team", "")


def test_a_merge_needs_two_runs(runs, tmp_path):
    with pytest.raises(UserError, match="two runs or more"):
        merge(runs[:1], tmp_path / "team", "")
