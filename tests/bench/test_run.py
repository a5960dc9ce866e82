"""``bench run`` from the command line to the tables, on the built-in photos."""

import pandas as pd
import pytest

from huebench.reports.tables import read_results

QUICK = ("run", "--limit", "5", "--metrics", "psnr,auc,colorfulness", "--out", "out")


def test_a_run_makes_tables_and_a_report_and_a_second_computes_nothing(bench, tmp_path):
    code, output = bench(*QUICK, "--methods", "gray,oracle-roundtrip,pixel-knn")
    assert code == 0, output
    assert output.rstrip().endswith("report.md")
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


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_limit_cuts_the_photos_to_score_and_not_those_to_learn_from(bench, plugin, tmp_path, split):
    path = plugin("counts-photos", fit="print(len(train), len(validation))")
    arguments = ("--methods", "counts-photos", "--plugin", path, "--metrics", "psnr,auc_rebalanced")
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
    names = ["mean-ab", "random-ab", "color-transfer-welsh"]
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


@pytest.mark.parametrize(
    ("name", "body", "status", "reason"),
    [
        ("raises", "raise RuntimeError('no colour today')", "failed", "RuntimeError: no colour today"),
        ("exits", "os._exit(3)", "failed", "ended with exit code 3"),
        ("segfaults", "os.kill(os.getpid(), signal.SIGSEGV)", "failed", "killed by SIGSEGV"),
        ("wrong-shape", "return np.zeros(3, np.float32)", "failed", r"returned shape (3,); it must be"),
        ("memory", "raise MemoryError", "out-of-memory", "MemoryError"),
        ("hangs", "time.sleep(60)", "timeout", "did not end within 8 s"),
    ],
)
def test_a_method_that_fails_is_a_row_and_the_others_finish(
    bench, plugin, tmp_path, name, body, status, reason
):
    path = plugin(name, body)
    arguments = ("--methods", f"{name},gray", "--plugin", path, "--timeout", 8)
    code, output = bench(*QUICK, *arguments)
    assert code == 1
    assert name in output
    cells = read_results(tmp_path / "out").cells.set_index("method")
    assert cells.loc["gray", "status"] == "ok"
    assert cells.loc[name, "status"] == status
    assert reason in cells.loc[name, "reason"]
    assert cells.loc[name, "scored"] == 0
    assert reason in (tmp_path / "out" / "report.md").read_text().replace("\\", "")


def test_a_failure_is_no_hit_and_is_tried_again(bench, plugin):
    path = plugin("once-broken", "raise RuntimeError('first')")
    assert bench(*QUICK, "--methods", "once-broken", "--plugin", path)[0] == 1
    assert "first" in bench(*QUICK, "--methods", "once-broken", "--plugin", path)[1]


def test_what_a_failed_fit_printed_and_raised_is_kept(bench, plugin, tmp_path):
    path = plugin("fails-to-fit", fit="print('almost'); raise ValueError('no data')")
    bench(*QUICK, "--methods", "fails-to-fit", "--plugin", path)
    (cell,) = read_results(tmp_path / "out").cells.to_dict("records")
    assert cell["phase"] == "fit"
    assert "ValueError: no data" in cell["traceback"]
    assert (tmp_path / "out" / cell["log"]).read_text() == "almost\n"


@pytest.mark.parametrize("resumes", [True, False])
def test_the_seconds_of_a_fit_are_those_of_all_attempts_that_it_went_on_from(
    bench, plugin, tmp_path, resumes
):
    # It dies in the second epoch. Without checkpoints it starts afresh: what was lost is no part of the fit.
    path = plugin(
        "dies-once",
        fit="from huebench.methods.base import Epoch; second = os.path.exists('second'); "
        f"{resumes} and context.checkpoints.mkdir(exist_ok=True); "
        "second or time.sleep(3); context.log_epoch(Epoch(1, 2, 'train', 1.0, 0.5)); "
        "open('second', 'w').close(); second or os._exit(1)",
    )
    arguments = (*QUICK, "--methods", "dies-once", "--plugin", path)
    assert bench(*arguments)[0] == 1
    assert bench(*arguments)[0] == 0
    seconds = read_results(tmp_path / "out").cells["fit_seconds"].item()
    assert (seconds > 3) == resumes


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
        (("--metrics", ""), "unknown metric ''"),
        (("--methods", "gray[size=3]"), "Extra inputs are not permitted"),
        (("--plugin", "nowhere.py"), "does not exist"),
        (("--cluster", "nowhere.yaml"), "--cluster: not a file: 'nowhere.yaml'"),
        (("--device", "cuda"), "torch sees no CUDA device"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(bench, arguments, message):
    code, output = bench("run", *arguments)
    assert code == 2
    assert output.startswith("error: ")
    assert message in output
    assert "Traceback" not in output


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
