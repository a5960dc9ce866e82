"""``bench run --degrade``: one training, and every method scored on clean and on degraded photos."""

import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import huebench
from huebench import UserError
from huebench.bench.plan.plan import make_plan
from huebench.bench.plan.request import Request
from huebench.bench.protocol.degradations import Condition
from huebench.datasets.color.conversion import rgb_to_lab
from huebench.methods.base import methods
from huebench.reports.tables import read_results

from .conftest import write_plugin

COUNTED = "open({path!r}, 'a').write('fitted ')"
TINT = "return np.stack([lightness - 50, np.full_like(lightness, lightness.mean())], -1)"


@pytest.fixture
def tint(plugin, tmp_path):
    """A method whose colours depend on the lightness that it sees, and which counts its trainings."""
    return plugin("tint", TINT, fit=COUNTED.format(path=str(tmp_path / "log")))


def options(out, plugin, **more):
    common = {"methods": "tint", "limit": 2, "size": 64, "metrics": "psnr,auc", "plugins": (plugin,)}
    return {**common, "out": out, **more}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run a method on clean, faded and grainy photos; return the folder with its plugin, log and run."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(methods, "_items", methods.items())
        path = write_plugin(folder, "tint-made", TINT, fit=COUNTED.format(path=str(folder / "log")))
        degrade = ("fade", "fade:0", "grain:0.5")
        given = options(folder / "out", path, methods="tint-made", degrade=degrade)
        huebench.run(**given, keep_predictions="all")
        yield folder


def test_methods_are_trained_once_and_scored_under_every_degradation(made):
    results = read_results(made / "out")
    assert (made / "log").read_text() == "fitted "
    assert len(results.cells) == 1
    assert len(results.images) == 2
    assert list(results.degraded.groupby("degradation").size()) == [2, 2]
    assert (results.degraded["status"] == "ok").all()
    assert set(results.degraded["degradation"]) == {"fade", "grain:0.5"}  # fade:0 is the clean photo
    assert results.degraded["protocol"].nunique() == 2
    assert results.run.protocol_digest not in set(results.degraded["protocol"])


def test_the_clean_numbers_are_those_of_a_run_without_degradations(made, tmp_path):
    both = read_results(made / "out")
    given = options(tmp_path / "clean", made / "tint_made.py", methods="tint-made")
    clean = huebench.run(**given, keep_predictions="all")
    pd.testing.assert_frame_equal(both.images, clean.images)
    assert both.run.protocol_digest == clean.run.protocol_digest
    assert clean.degraded.empty
    assert not (tmp_path / "clean" / "degraded.parquet").exists()
    assert clean.cells["cell"].item() == both.cells["cell"].item()


def test_the_method_sees_the_degraded_photo_and_is_scored_on_the_clean_one(made):
    faded = read_results(made / "out").degraded.query("degradation == 'fade'")
    row = faded[faded["picture"].notna()].iloc[0]
    pictures = {
        name: np.asarray(Image.open(made / "out" / row[f"{name}picture"]))
        for name in ("", "truth_", "input_")
    }
    clean = rgb_to_lab(pictures["truth_"])[0]
    seen = rgb_to_lab(pictures["input_"])[0]
    np.testing.assert_allclose(seen, 30 + 0.55 * clean, atol=0.5)  # half a grey level
    psnr = 10 * np.log10(
        255**2 / np.mean((pictures[""].astype(float) - pictures["truth_"].astype(float)) ** 2)
    )
    assert row["psnr"] == pytest.approx(psnr)
    lightness, _ = rgb_to_lab(pictures[""])
    assert np.median(np.abs(lightness - clean)) < 0.5  # the truth's lightness, not what was seen
    given = Condition.parse("fade").apply(clean, pictures["truth_"], row["photo"])
    np.testing.assert_allclose(given, 30 + 0.55 * clean, atol=1e-3)


def test_degradations_that_are_added_later_compute_only_their_own_cells(tint, tmp_path):
    first = huebench.run(**options(tmp_path / "out", tint, degrade="fade"))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("cells/*/shard-*.parquet")}
    more = huebench.run(**options(tmp_path / "out", tint, degrade=("fade", "blur")))
    assert (tmp_path / "log").read_text() == "fitted "
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    assert set(more.degraded["degradation"]) == {"fade", "blur"}
    pd.testing.assert_frame_equal(more.images, first.images)
    huebench.run(**options(tmp_path / "out", tint))
    assert not (tmp_path / "out" / "degraded.parquet").exists()
    assert read_results(tmp_path / "out").degraded.empty


def test_a_method_that_fails_on_clean_photos_is_not_tried_on_degraded_ones(plugin, tmp_path):
    path = plugin("tint", TINT, fit="raise ValueError('no luck')")
    results = huebench.run(**options(tmp_path / "out", path, degrade="fade"))
    assert results.cells["status"].item() == "failed"
    row = results.degraded.iloc[0]
    assert (row["status"], row["reason"]) == ("skipped", "its method failed on the clean photos")
    assert pd.isna(row["photo"])


def test_kept_predictions_are_scored_again_with_their_degradations(bench, made, tmp_path):
    out = shutil.copytree(made / "out", tmp_path / "out")
    first = read_results(out)
    code, output = bench("score", out, "--metrics", "psnr")
    assert code == 0, output
    again = read_results(out)
    assert "auc" not in again.degraded
    pd.testing.assert_series_equal(again.degraded["psnr"], first.degraded["psnr"])


def test_degradations_are_cells_of_the_plan(bench, tmp_path):
    code, output = bench(
        "run", "--methods", "gray", "--degrade", "fade,jpeg:0.5", "--degrade", "blur", "--dry-run"
    )
    assert code == 0
    assert [line.split()[3] for line in output.splitlines() if " under " in line] == [
        "fade", "jpeg:0.5", "blur",
    ]  # fmt: skip
    code, output = bench("run", "--methods", "gray", "--degrade", "grian", "--dry-run")
    assert code == 2
    assert "--degrade: unknown degradation 'grian'; did you mean grain?" in output
    code, output = bench("list", "degradations")
    assert code == 0
    assert "orthochromatic" in output


def test_keys_of_clean_cells_and_models_do_not_depend_on_degradations():
    plain, degraded = (
        make_plan(Request.of(methods="gray", degrade=degrade)).cells for degrade in ((), "fade,grain")
    )
    assert degraded[0].key == plain[0].key
    assert len({cell.fit_key for cell in degraded}) == 1
    assert len({cell.key for cell in degraded}) == len({cell.prediction_key for cell in degraded}) == 3


def test_an_unknown_degradation_is_refused_in_python():
    with pytest.raises(UserError, match=r"--degrade: .*did you mean grain"):
        Request.of(degrade="grian")


def test_a_named_method_that_cannot_run_keeps_its_clean_row(tmp_path):
    request = Request.of(methods="mine=deoldify-video", degrade="fade", out=tmp_path / "out")
    (cell,) = make_plan(request).cells
    assert (cell.label, cell.degradation) == ("mine", "")
    assert "weights not found" in cell.problem
