"""The Python face."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from skimage import data

import huebench
from huebench import UserError


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("api") / "out"
    return huebench.run(
        methods=["gray", "pixel-knn[neighbours=3]"],
        limit=3,
        size=32,
        metrics=["psnr", "auc"],
        out=out,
        jobs=2,
    )


PHOTO = data.coffee()[:40, :56]


def test_run_returns_tables_and_records_the_call(results):
    assert set(results.cells["status"]) == {"ok"}
    assert len(results.images) == 6
    assert results.run.command.startswith("huebench.run(methods=['gray', 'pixel-knn[neighbours=3]']")
    assert "gray" in results._repr_html_()
    assert repr(results).startswith("<huebench run of 2 methods on 3 photos")


def test_same_run_is_read_back_and_compared(results):
    again = huebench.read_results(results.folder)
    assert again.images.equals(results.images)
    comparison = huebench.compare(results, results.folder)
    assert set(comparison.changes["verdict"]) == {"same"}


def test_report_is_written_where_it_is_wanted(results, tmp_path):
    paths = results.report("md", "csv", out=tmp_path / "report")
    assert [path.name for path in paths] == ["report.md", "csv"]
    assert all(path.exists() for path in paths)


def test_trained_method_of_a_run_colorizes_a_photo(results):
    method = results.method("pixel-knn[neighbours=3]")
    colorized = huebench.colorize(PHOTO, method)
    assert (colorized.shape, colorized.dtype) == (PHOTO.shape, np.uint8)
    assert np.ptp(colorized.astype(int), axis=2).max() > 20
    with pytest.raises(UserError, match="no method 'mean-ab' in the run; its methods: gray, pixel"):
        results.method("mean-ab")


def test_lightness_stays_and_the_kind_of_image_too():
    from skimage.color import rgb2lab

    colorized = huebench.colorize(Image.fromarray(PHOTO).convert("L"), "mean-ab")
    assert isinstance(colorized, Image.Image)
    grey = np.repeat(np.asarray(Image.fromarray(PHOTO).convert("L"))[..., None], 3, axis=2)
    assert np.abs(rgb2lab(np.asarray(colorized))[..., 0] - rgb2lab(grey)[..., 0]).max() < 1


def test_python_and_the_command_give_the_same_pixels(bench, tmp_path):
    Image.fromarray(data.astronaut()).save(tmp_path / "photo.png")
    code, output = bench("colorize", "photo.png", "--size", 96, "--strength", 0.8)
    assert code == 0, output
    with Image.open(tmp_path / "colorized" / "photo.png") as made:
        colorized = huebench.colorize(data.astronaut(), "huebench-small", size=96, strength=0.8)
        assert np.array_equal(np.asarray(made), colorized)


def test_oracle_is_refused():
    with pytest.raises(UserError, match="oracle: it copies the true colours"):
        huebench.colorize(PHOTO, "oracle-lowres")


def test_reference_is_the_one_that_is_given():
    red, green = (np.full((20, 20, 3), color, np.uint8) for color in ((200, 30, 30), (30, 200, 30)))
    means = [
        huebench.colorize(PHOTO, "color-transfer-welsh", reference=each).mean((0, 1)) for each in (red, green)
    ]
    assert means[0][0] > means[1][0]
    assert means[0][1] < means[1][1]


def test_size_beyond_the_limit_is_refused():
    with pytest.raises(UserError, match=r"size 8192: give 16 to 4096 pixels; .* four times the memory"):
        huebench.colorize(PHOTO, "gray", size=8192)


@pytest.mark.parametrize("image", [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), "photo.jpg"])
def test_image_of_another_kind_is_refused(image):
    with pytest.raises(UserError, match="the image must"):
        huebench.colorize(image, "gray")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": "grey"}, "did you mean gray"),
        ({"limt": 3}, "limt"),
        ({"limit": 0}, "--limit"),
        ({"max_memory": "much"}, "--max-memory: not a size"),
    ],
)
def test_wrong_option_is_one_message(options, message):
    with pytest.raises(UserError, match=message):
        huebench.run(**options)


def test_score_gives_metrics_by_name():
    scores = huebench.score(PHOTO, PHOTO)
    assert scores["psnr"] == pytest.approx(58.92, abs=0.01)
    assert scores["auc"] == 1


def test_import_is_light_and_every_public_name_is_there():
    script = (
        "import sys, huebench, json; before = [m for m in ('numpy', 'torch', 'pandas', 'numba') "
        "if m in sys.modules]; [getattr(huebench, name) for name in huebench.__all__]; "
        "print(json.dumps([before, 'torch' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], False]
