"""``bench run`` from the command line to the tables, on the built-in photos."""

import builtins
import hashlib
import json
import shutil
import tempfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from huebench.bench.plan.plan import make_plan
from huebench.bench.plan.request import Request
from huebench.reports.tables import read_results

QUICK = ("run", "--limit", "5", "--metrics", "psnr,auc,colorfulness", "--out", "out")


def test_a_run_makes_tables_and_a_report_and_a_second_computes_nothing(bench, tmp_path):
    code, output = bench(*QUICK, "--methods", "gray,oracle-roundtrip,pixel-knn")
    assert code == 0, output
    assert output.rstrip().endswith("out/report.html")
    results = read_results(tmp_path / "out")
    assert list(results.cells["method"]) == ["gray", "oracle-roundtrip", "pixel-knn"]
    assert (results.cells["status"] == "ok").all()
    assert (results.cells["scored"] == 5).all()
    by_method = results.images.groupby("method")
    assert by_method["colorfulness"].mean()["gray"] == 0
    assert by_method["psnr"].min()["oracle-roundtrip"] > 45
    assert results.images.loc[results.images["method"] == "pixel-knn", "reference"].notna().all()

    made = [
        *(tmp_path / "out").glob("cells/*/shard-*.parquet"),
        *(tmp_path / "out").glob("cells/*/status.json"),
    ]
    assert len(made) == 6
    times = [path.stat().st_mtime_ns for path in made]
    code, output = bench(*QUICK, "--methods", "gray,oracle-roundtrip,pixel-knn")
    assert code == 0
    assert output.count("already done") == 3
    assert [path.stat().st_mtime_ns for path in made] == times


def test_a_run_in_which_nothing_is_scored_has_a_report_with_the_reason(bench, plugin, tmp_path):
    path = plugin("fails-always", body="raise ValueError('no colours today')")
    code, output = bench("run", "--methods", "fails-always", "--plugin", path, "--limit", 2, "--out", "out")
    assert code == 1
    assert "no colours today" in output
    assert "Traceback" not in output
    assert "no colours today" in (tmp_path / "out" / "report.md").read_text()


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_limit_cuts_the_photos_to_score_and_not_those_to_learn_from(bench, plugin, tmp_path, split):
    path = plugin("counts-photos", fit="print(len(train), len(validation))")
    arguments = ("--methods", "counts-photos", "--plugin", path, "--size", 32)
    arguments = (*arguments, "--metrics", "psnr,auc_rebalanced")
    assert bench("run", *arguments, "--split", split, "--out", "whole")[0] == 0
    assert bench("run", *arguments, "--split", split, "--limit", 2, "--out", "cut")[0] == 0
    whole, cut = (read_results(tmp_path / name) for name in ("whole", "cut"))
    assert cut.cells["scored"].item() == 2 < whole.cells["scored"].item()
    logs = [
        (tmp_path / name / run.cells["log"].item()).read_text()
        for name, run in (("whole", whole), ("cut", cut))
    ]
    assert logs[0] == logs[1]
    scores = [run.images.set_index("photo")["auc_rebalanced"] for run in (whole, cut)]
    assert (scores[1] == scores[0][scores[1].index]).all()


def test_order_and_jobs_change_no_number(bench, tmp_path):
    names = ["random-ab", "color-transfer-welsh"]
    tables = []
    for folder, order, jobs in (("a", names, 1), ("b", names[::-1], 2)):
        arguments = ("--methods", ",".join(order), "--jobs", jobs, "--seed", 3, "--out", folder)
        assert bench(*QUICK[:5], *arguments)[0] == 0
        tables.append(
            read_results(tmp_path / folder).images.sort_values(["method", "photo"], ignore_index=True)
        )
    pd.testing.assert_frame_equal(*[table.filter(regex="^(?!picture)") for table in tables], check_exact=True)


def test_several_seeds_are_several_cells(bench, tmp_path):
    assert bench(*QUICK, "--methods", "random-ab", "--seed", 1, "--seed", 2)[0] == 0
    images = read_results(tmp_path / "out").images
    first, second = (images[images["seed"] == seed]["psnr"].to_numpy() for seed in (1, 2))
    assert (first != second).any()


def test_a_method_without_randomness_runs_for_the_first_seed_only(tmp_path):
    request = Request.of(
        methods="random-ab,gray", dataset="samples", seeds=(3, 1), out=tmp_path / "out", budget="smoke"
    )
    cells = [(cell.label, cell.seed) for cell in make_plan(request).cells]
    assert cells == [("random-ab", 3), ("random-ab", 1), ("gray", 3)]


FAILURES = {
    "raises": ("raise RuntimeError('no colour today')", "failed", "RuntimeError: no colour today"),
    "exits": ("os._exit(3)", "failed", "ended with exit code 3"),
    "segfaults": ("os.kill(os.getpid(), signal.SIGSEGV)", "failed", "killed by SIGSEGV"),
    "wrong-shape": ("return np.zeros(3, np.float32)", "failed", r"returned shape (3,); it must be"),
    "memory": ("raise MemoryError", "out-of-memory", "MemoryError"),
    "hangs": ("time.sleep(60)", "timeout", "did not end within 8 s"),
}


def test_a_method_that_fails_is_a_row_and_the_others_finish(bench, plugin, tmp_path):
    plugins = [word for name, (body, *_) in FAILURES.items() for word in ("--plugin", plugin(name, body))]
    methods = ",".join([*FAILURES, "gray"])
    code, output = bench(*QUICK, "--methods", methods, *plugins, "--timeout", 8)
    assert code == 1
    cells = read_results(tmp_path / "out").cells.set_index("method")
    report = (tmp_path / "out" / "report.md").read_text().replace("\\", "")
    assert cells.loc["gray", "status"] == "ok"
    for name, (_, status, reason) in FAILURES.items():
        assert name in output
        assert cells.loc[name, "status"] == status, name
        assert reason in cells.loc[name, "reason"]
        assert cells.loc[name, "scored"] == 0
        assert reason in report


def test_a_killed_method_leaves_no_temporary_files(bench, plugin, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    path = plugin("killed", "os.kill(os.getpid(), signal.SIGKILL)")
    assert bench(*QUICK, "--methods", "killed", "--plugin", path)[0] == 1
    assert not list((tmp_path / "temporary").glob("huebench-*"))


def test_a_run_that_kept_a_part_of_its_predictions_does_not_say_that_it_kept_all(bench, tmp_path):
    run = ("run", "--methods", "gray", "--split", "all", "--size", 32, "--metrics", "psnr", "--out", "out")
    assert bench(*run, "--keep-predictions", "all")[0] == 0
    (status,) = (tmp_path / "out").glob("cells/*/status.json")
    for path in (status, *status.parent.glob("shard-00001.*")):  # as an interrupted run leaves them
        path.unlink()
    for path in (tmp_path / "out").glob("cells/*/predictions/shard-00001.*"):
        path.unlink()
    assert bench(*run)[0] == 0
    assert json.loads(status.read_text())["content"]["kept"] == "gallery"
    assert bench(*run, "--keep-predictions", "all")[0] == 0
    code, output = bench("score", "out", "--metrics", "auc")
    assert code == 0, output


def test_a_failure_is_not_reused_and_is_tried_again(bench, plugin):
    path = plugin("once-broken", "raise RuntimeError('first')")
    assert bench(*QUICK, "--methods", "once-broken", "--plugin", path)[0] == 1
    assert "first" in bench(*QUICK, "--methods", "once-broken", "--plugin", path)[1]


def test_output_and_error_of_a_failed_fit_are_kept(bench, plugin, tmp_path):
    path = plugin("fails-to-fit", fit="print('almost'); raise ValueError('no data')")
    bench(*QUICK, "--methods", "fails-to-fit", "--plugin", path)
    (cell,) = read_results(tmp_path / "out").cells.to_dict("records")
    assert cell["phase"] == "fit"
    assert "ValueError: no data" in cell["traceback"]
    assert (tmp_path / "out" / cell["log"]).read_text() == "almost\n"


@pytest.mark.slow
def test_the_seconds_of_a_fit_are_those_of_all_attempts_that_it_resumed(bench, plugin, tmp_path):
    # They die in the second epoch; one starts afresh without checkpoints, and what was lost does not count.
    fit = (
        "from huebench.methods.base import Epoch; second = os.path.exists('{name}'); "
        "{resumes} and context.checkpoints.mkdir(exist_ok=True); "
        "second or time.sleep(2); context.log_epoch(Epoch(1, 2, 'train', 1.0, 0.5)); "
        "open('{name}', 'w').close(); second or os._exit(1)"
    )
    names = {"resumes": True, "starts-afresh": False}
    paths = [plugin(name, fit=fit.format(name=name, resumes=resumes)) for name, resumes in names.items()]
    arguments = (*QUICK, "--methods", ",".join(names), "--plugin", paths[0], "--plugin", paths[1])
    assert bench(*arguments)[0] == 1
    assert bench(*arguments)[0] == 0
    seconds = read_results(tmp_path / "out").cells.set_index("method")["fit_seconds"]
    assert {name: seconds[name] > 2 for name in names} == names


def test_a_finished_training_leaves_no_checkpoints_behind_and_a_failed_one_keeps_them(
    bench, plugin, tmp_path
):
    fit = (
        "context.checkpoints.mkdir(exist_ok=True); (context.checkpoints / 'training.pt').touch(); "
        "os.path.exists('again') or (open('again', 'w').close(), 1 / 0)"
    )
    arguments = (*QUICK, "--methods", "keeps-checkpoints", "--plugin", plugin("keeps-checkpoints", fit=fit))
    assert bench(*arguments)[0] == 1
    assert list((tmp_path / "out").glob("models/*/checkpoints/training.pt"))
    assert bench(*arguments)[0] == 0
    assert list((tmp_path / "out").glob("models/*/fit.json"))
    assert not list((tmp_path / "out").glob("models/*/checkpoints"))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_cell_has_as_many_threads_as_it_is_given_and_keeps_its_memory(bench, plugin, tmp_path, threads):
    path = plugin(
        "counts-threads",
        fit="import numba; from threadpoolctl import threadpool_info; "
        "print(numba.get_num_threads(), *(pool['num_threads'] for pool in threadpool_info())); "
        "print(os.environ['MALLOC_TRIM_THRESHOLD_'])",
    )
    assert bench(*QUICK, "--methods", "counts-threads", "--plugin", path, "--threads", threads)[0] == 0
    (log,) = read_results(tmp_path / "out").cells["log"]
    counts, kept = (tmp_path / "out" / log).read_text().splitlines()
    assert max(int(count) for count in counts.split()) == threads
    assert int(kept) >= 2**27


def test_dry_run_shows_the_cells_and_writes_nothing(bench, tmp_path):
    code, output = bench(
        *QUICK, "--methods", "gray,pixel-knn[neighbours=1]", "--dry-run", "--out", "a[draft]"
    )
    assert code == 0
    assert output.count("to do") == 2
    assert " pixel-knn[neighbours=1] " in output
    assert "a[draft]\n" in output
    assert not (tmp_path / "a[draft]").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--methods", "grey"), "did you mean gray"),
        (("--dataset", "sampels"), "did you mean samples"),
        (("--dataset", "folder:nowhere"), "nowhere"),
        (("--metrics", "psnr,snr"), "did you mean"),
        (("--metrics", ""), "the argument after --metrics is empty: give a value"),
        (("--methods", "gray[size=3]"), "size: unknown (its parameters: none)"),
        (("--plugin", "nowhere.py"), "does not exist"),
        (("--cluster", "nowhere.yaml"), "--cluster: not a file: 'nowhere.yaml'"),
        (("--device", "cuda"), "torch sees no CUDA device"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(bench, arguments, message):
    code, output = bench("run", *arguments)
    assert code == 2
    (error,) = (line for line in output.splitlines() if not line.startswith("reading the list of photos"))
    assert error.startswith("error: ")
    assert message in error


@pytest.mark.parametrize(("option", "value"), [("--seed", -1), ("--limit", 0), ("--jobs", 0)])
def test_option_out_of_range_is_refused_before_anything_runs(bench, tmp_path, option, value):
    code, output = bench("run", option, value)
    assert code == 2
    assert option in output
    assert str(value) in output
    assert not (tmp_path / "runs").exists()


def test_a_photo_that_cannot_be_decoded_is_a_row(bench, tmp_path):
    from skimage import data, io

    for split, count in (("train", 3), ("test", 2)):
        (tmp_path / "photos" / split).mkdir(parents=True)
        for i in range(count):
            io.imsave(tmp_path / "photos" / split / f"{i}.png", data.coffee()[i * 20 : 200 + i * 20, :200])
    (tmp_path / "photos" / "test" / "broken.jpg").write_bytes(b"not a photo")
    code, output = bench(
        "run", "--methods", "gray", "--dataset", "folder:photos", "--size", 32, "--out", "out"
    )
    assert code == 0, output
    results = read_results(tmp_path / "out")
    assert results.cells.loc[0, ["expected", "scored"]].tolist() == [3, 2]
    (lost,) = results.images[results.images["status"] == "undecodable"].to_dict("records")
    assert "broken.jpg" in lost["photo"]
    assert lost["reason"]


def test_a_cell_imports_no_plugin_of_another_method(bench, plugin, tmp_path):
    heard = "40 * hasattr(builtins, 'LOUD')"
    body = f"import builtins; return np.full((*lightness.shape, 2), {heard}, np.float32)"
    listens = plugin("listens", body)
    loud = plugin("loud")
    loud.write_text("import builtins\nbuiltins.LOUD = True\n" + loud.read_text())
    try:
        for folder, more in (("alone", ()), ("together", ("--plugin", loud))):
            methods = "listens,loud" if more else "listens"
            arguments = ("--methods", methods, "--plugin", listens, *more, "--out", folder)
            code, output = bench(*QUICK[:-2], *arguments)
            assert code == 0, output
    finally:
        del builtins.LOUD
    alone, together = (read_results(tmp_path / folder).images for folder in ("alone", "together"))
    listening = together[together["method"] == "listens"]
    assert list(listening["psnr"]) == list(alone["psnr"])


PHOTOS = 8


@pytest.fixture
def photos(tmp_path):
    """Make a folder of random photos, with one photo of the test split in the training split as well."""
    rng = np.random.default_rng(0)
    for split in ("train", "validation", "test"):
        for i in range(PHOTOS):
            path = tmp_path / "photos" / split / f"{split}{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).resize((32, 32)).save(path)
    shutil.copy(tmp_path / "photos/test/test3.png", tmp_path / "photos/train/copy.png")
    return f"folder:{tmp_path / 'photos'}"


@pytest.mark.parametrize(("split", "trained_on"), [("test", 1), ("train", PHOTOS + 1)])
def test_scored_photos_that_were_trained_on_are_said_and_none_is_its_own_reference(
    bench, photos, tmp_path, split, trained_on
):
    code, output = bench(
        "run", "--dataset", photos, "--size", 32, "--metrics", "psnr", "--split", split,
        "--methods", "histogram-matching,random-ab", "--out", "out",
    )  # fmt: skip
    assert code == 0, output
    results = read_results(tmp_path / "out")
    assert results.run.dataset["trained_on"] == trained_on
    scored = PHOTOS if split == "test" else PHOTOS + 1
    report = (tmp_path / "out" / "report.md").read_text()
    assert f"{trained_on} of the {scored} scored photos" in report.partition("\n## ")[0]
    matched = results.images.dropna(subset="reference")
    assert (matched["reference"] != matched["photo"]).all()
    copied = matched[matched["photo"].str.contains("test3")]
    assert not copied["reference"].str.contains("copy").any()


SHIPPED = """
import numpy as np
from huebench.methods.base import Method, MethodInfo, register

@register
class Shipped(Method):
    info = MethodInfo(name="shipped", family="deep", source="a test")

    def trained_on(self, sha256):
        return sha256.startswith("{start}")

    def colorize(self, lightness, context):
        return np.zeros((*lightness.shape, 2), np.float32)
"""


def test_shipped_weights_that_saw_scored_photos_are_reported(bench, photos, tmp_path):
    scored = tmp_path / "photos" / "test" / "test5.png"
    plugin = tmp_path / "shipped.py"
    plugin.write_text(SHIPPED.format(start=hashlib.sha256(scored.read_bytes()).hexdigest()[:12]))
    code, output = bench(
        "run", "--dataset", photos, "--size", 32, "--metrics", "psnr", "--plugin", plugin,
        "--methods", "gray,shipped", "--out", "out",
    )  # fmt: skip
    assert code == 0, output
    cells = read_results(tmp_path / "out").cells.set_index("method")
    assert json.loads(cells.loc["shipped", "notes"]) == {"scored photos": "trained on 1 of them"}
    assert json.loads(cells.loc["gray", "notes"]) == {}
    lead = (tmp_path / "out" / "report.md").read_text().partition("\n## ")[0]
    assert f"trained on 1 of the {PHOTOS} scored photos" in lead


def test_a_run_without_scored_training_photos_has_no_warning(bench, tmp_path):
    assert bench(*QUICK, "--methods", "gray")[0] == 0
    assert read_results(tmp_path / "out").run.dataset["trained_on"] == 0
    assert "training split" not in (tmp_path / "out" / "report.md").read_text().partition("\n## ")[0]
