"""Jobs: what is written, what is kept, and what happens to a bad file."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from huebench import UserError
from huebench.bench.colorize import job
from huebench.bench.colorize.picture import Picture
from huebench.bench.colorize.record import ColorizedRow, Record
from huebench.methods.memory import OutOfMemoryError

PLUGIN = '''
import numpy as np
from huebench import Method, MethodInfo, register

@register
class Slow(Method):
    """Orange."""
    info = MethodInfo(name="slow-orange", family="classical", source="tests")
    def colorize(self, lightness, context):
        return np.full((*lightness.shape, 2), 30, np.float32)
'''


@pytest.fixture
def scans(tmp_path, grey):
    folder = tmp_path / "scans"
    folder.mkdir()
    for i in range(4):
        Image.fromarray(np.roll(grey, 40 * i, axis=1)).save(folder / f"{i}.png")
    return folder


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def rows(folder):
    with (folder / "colorized.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_second_call_does_only_what_is_missing(colorize, scans, tmp_path):
    assert colorize("scans")[0] == 0
    before = contents(tmp_path / "colorized")
    (tmp_path / "colorized" / "2.png").unlink()
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "colorized").glob("*.png")}
    code, output = colorize("scans")
    assert code == 0
    assert "1 colorized, 3 already there" in output
    after = contents(tmp_path / "colorized")
    assert {n: c for n, c in after.items() if n.endswith("png")} == {
        n: c for n, c in before.items() if n.endswith("png")
    }
    for name, stamp in kept.items():
        assert (tmp_path / "colorized" / name).stat().st_mtime_ns == stamp


def test_sidecar_names_file_method_model_seconds_and_warnings(colorize, scans, tmp_path):
    Image.fromarray(np.zeros((40, 50), np.uint8) + 5).save(scans / "dark.png")
    assert colorize("scans", "--strength", 0.5)[0] == 0
    table = {row["output"]: row for row in rows(tmp_path / "colorized")}
    assert sorted(table) == ["0.png", "1.png", "2.png", "3.png", "dark.png"]
    row = table["dark.png"]
    assert Path(row["file"]) == scans / "dark.png"
    assert (row["method"], row["settings"]) == ("warm", "strength=0.5")
    assert len(row["model_digest"]) == 12
    assert float(row["seconds"]) >= 0
    assert row["warnings"].startswith("very dark")
    assert table["0.png"]["warnings"] == ""


def test_nothing_is_overwritten_unless_it_is_wanted(colorize, scans, tmp_path):
    out = tmp_path / "colorized"
    out.mkdir()
    (out / "0.png").write_bytes(b"of somebody else")
    code, output = colorize("scans")
    assert code == 0
    assert "'colorized/0.png' was made in another way and is kept; --overwrite replaces it" in output
    assert (out / "0.png").read_bytes() == b"of somebody else"
    before = contents(out)
    assert "made in another way" in colorize("scans", "--strength", 0.5)[1]
    assert contents(out) == before
    assert colorize("scans", "--strength", 0.5, "--overwrite")[0] == 0
    assert (out / "1.png").read_bytes() != before["1.png"]


def test_bad_file_costs_one_line_and_exit_code_1(colorize, scans, tmp_path):
    (scans / "1.png").write_bytes((scans / "1.png").read_bytes()[:500])
    (scans / "5.jpg").write_bytes(b"")
    (scans / "6.tif").write_bytes(b"II*\0 no picture")
    code, output = colorize("scans")
    assert code == 1
    failed = [line for line in output.splitlines() if ": failed: " in line]
    assert [Path(line.partition(": failed")[0]).name for line in failed] == ["1.png", "5.jpg", "6.tif"]
    assert "3 colorized, 3 failed" in output
    assert "Traceback" not in output
    assert sorted(path.name for path in (tmp_path / "colorized").iterdir()) == [
        "0.png", "2.png", "3.png", "colorized.csv",
    ]  # fmt: skip


def test_fault_of_the_environment_is_said_once_and_ends_the_job(colorize, scans, monkeypatch):
    monkeypatch.setenv("HUEBENCH_MAX_PIXELS", "many")
    code, output = colorize("scans")
    assert code == 2
    assert output.count("HUEBENCH_MAX_PIXELS is not a number of pixels: 'many'") == 1
    assert "failed" not in output


def test_fault_of_a_method_ends_the_job_and_finished_photos_are_kept(colorize, scans, tmp_path, monkeypatch):
    opened = Picture.open

    def open_until_the_third(source):
        if source.name == "2.png":
            raise UserError("its weights are gone")
        return opened(source)

    with monkeypatch.context() as patch:
        patch.setattr(Picture, "open", open_until_the_third)
        code, output = colorize("scans", "--jobs", 1)
    assert code == 2
    assert output.count("its weights are gone") == 1
    assert {path.name for path in (tmp_path / "colorized").iterdir()} >= {"0.png", "1.png"}
    assert "2.png: failed" not in (again := colorize("scans")[1])
    assert "already there" in again


@pytest.fixture
def small_disk(tmp_path):
    """The output folder, on a disk of its own of 300 kB; skips where mounting is not permitted."""
    folder = tmp_path / "colorized"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a tmpfs is not permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("kind", ["png", "tiff", "jpeg", "webp"])
def test_full_disk_is_said_once_and_the_same_command_goes_on(colorize, scans, small_disk, kind):
    for i in range(4, 12):
        shutil.copy(scans / f"{i - 4}.png", scans / f"{i}.png")
    code, output = colorize("scans", "--format", kind, "--jobs", 2)
    assert code == 2, output
    assert output.count("No space left on device") == 1
    assert "--out 'colorized' cannot be written" in output
    assert "failed" not in output
    made = {path.name for path in small_disk.glob("*.*")} - {"colorized.csv"}
    assert 0 < len(made) < 12
    assert not [name for name in made if name.startswith(".")]
    assert {row["output"] for row in rows(small_disk)} == made
    for name in made:
        with Image.open(small_disk / name) as photo:
            photo.load()
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    code, output = colorize("scans", "--format", kind)
    assert code == 0, output
    assert f"{12 - len(made)} colorized, {len(made)} already there" in output


def test_row_that_the_disk_has_no_room_for_leaves_the_sidecar_whole(tmp_path, monkeypatch):
    record = Record(tmp_path)
    record.add(ColorizedRow("a.png", "a.png", "warm", "", "", "1", ""))
    before, write = record.path.read_bytes(), os.write
    monkeypatch.setattr("os.write", lambda file, content: write(file, content[:5]))
    with pytest.raises(OSError, match="No space left on device"):
        record.add(ColorizedRow("b.png", "b.png", "warm", "", "", "1", ""))
    assert record.path.read_bytes() == before
    assert set(record.rows) == {"a.png"}


def test_memory_that_runs_out_fails_one_photo_alone(colorize, scans, monkeypatch):
    opened = Picture.open

    def open_but_one(source):
        if source.name == "1.png":
            raise OutOfMemoryError("the memory of the GPU is too small")
        return opened(source)

    monkeypatch.setattr(Picture, "open", open_but_one)
    code, output = colorize("scans")
    assert code == 1
    assert "1.png: failed: the memory of the GPU is too small" in output
    assert "3 colorized, 1 failed" in output


def test_photos_whose_names_differ_in_the_suffix_alone(colorize, scans, tmp_path):
    with Image.open(scans / "0.png") as photo:
        photo.save(scans / "0.jpg")
    assert colorize("scans", "--format", "tiff")[0] == 0
    names = sorted(path.name for path in (tmp_path / "colorized").glob("0*"))
    assert names == ["0.jpg.tif", "0.png.tif"]


def test_original_is_never_an_output(colorize, scans, tmp_path):
    before = contents(scans)
    code, output = colorize("scans/0.png", "scans/1.png", "--out", "scans", "--overwrite")
    assert code == 1
    assert "is an original: choose another --out" in output
    assert contents(scans) == before


def test_output_through_a_link_out_of_the_folder_is_refused(colorize, scans, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (scans / "sub").mkdir()
    (scans / "0.png").rename(scans / "sub" / "0.png")
    (tmp_path / "colorized").mkdir()
    (tmp_path / "colorized" / "sub").symlink_to(elsewhere)
    code, output = colorize("scans", "--recursive")
    assert code == 1
    assert "would lie outside of" in output
    assert list(elsewhere.iterdir()) == []


def test_link_in_place_of_an_output_is_replaced_not_followed(colorize, scans, tmp_path):
    (tmp_path / "colorized").mkdir()
    precious = tmp_path / "precious.png"
    precious.write_bytes(b"precious")
    (tmp_path / "colorized" / "0.png").symlink_to(precious)
    assert colorize("scans", "--overwrite")[0] == 0
    assert precious.read_bytes() == b"precious"
    assert not (tmp_path / "colorized" / "0.png").is_symlink()


def test_zip_is_colorized_into_a_folder(colorize, scans, tmp_path):
    with zipfile.ZipFile(tmp_path / "album.zip", "w") as archive:
        archive.write(scans / "0.png", "in/0.png")
        archive.writestr("in/bomb.png", b"\x89PNG\r\n\x1a\n" + bytes(10**6))
    code, output = colorize("album.zip")
    assert code == 1
    assert "album.zip/in/bomb.png: failed" in output
    with Image.open(tmp_path / "colorized/in/0.png") as photo:
        assert photo.mode == "RGB"


def test_several_methods_and_a_grid_make_a_folder_for_each(bench, scans, tmp_path):
    code, output = bench(
        "colorize",
        "scans/0.png",
        "--method",
        "warm,gray",
        "--grid",
        "size=64,128",
        "--grid",
        "strength=1,1.5",
    )
    assert code == 0, output
    folders = {path.parent.name for path in (tmp_path / "colorized").glob("*/0.png")}
    assert len(folders) == 8
    assert "warm-size=64-strength=1.5" in folders
    assert (tmp_path / "colorized" / "index.html").is_file()


def test_reference_gives_the_colours(bench, scans, tmp_path):
    means = []
    for name, colour in (("red", (200, 30, 30)), ("green", (30, 200, 30))):
        Image.new("RGB", (40, 40), colour).save(tmp_path / f"{name}.png")
        out = tmp_path / name
        code, output = bench(
            "colorize",
            "scans/0.png",
            "--method",
            "color-transfer-welsh",
            "--reference",
            f"{name}.png",
            "--out",
            out,
        )
        assert code == 0, output
        with Image.open(out / "0.png") as photo:
            means.append(np.asarray(photo).mean((0, 1)))
    assert means[0][0] > means[1][0]
    assert means[0][1] < means[1][1]


def test_borders_stay_grey_and_hidden_from_the_method(colorize, warm, scans, grey, tmp_path):
    framed = np.pad(grey, 20, constant_values=250)
    Image.fromarray(framed).save(tmp_path / "framed.png")
    assert colorize("framed.png", "--crop-borders")[0] == 0
    with Image.open(tmp_path / "colorized/framed.png") as photo:
        spread = np.ptp(np.asarray(photo).astype(int), axis=2)
    assert photo.size == framed.shape[::-1]
    assert spread[:8].max() <= 3
    assert spread[40:-40, 40:-40].mean() > 20


def test_grain_is_hidden_from_the_method_and_kept_in_the_photo(colorize, warm, tmp_path, grey):
    seen = []
    original = warm.colorize
    warm.colorize = lambda self, lightness, context: (
        seen.append(lightness[0]),
        original(self, lightness, context),
    )[1]
    grain = np.random.default_rng(0).normal(0, 20, grey.shape)
    grainy = np.clip(np.full(grey.shape, 120) + grain, 0, 255).astype(np.uint8)
    Image.fromarray(grainy).save(tmp_path / "scan.png")
    for options in ((), ("--degrain",)):
        assert colorize("scan.png", *options, "--overwrite")[0] == 0
    assert seen[1].std() < 0.6 * seen[0].std()
    with Image.open(tmp_path / "colorized/scan.png") as photo:
        luma = np.asarray(photo.convert("L")).astype(float)
    assert np.corrcoef(luma.ravel(), grainy.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("jobs", [1, 3])
def test_jobs_do_not_change_the_photos(colorize, scans, tmp_path, jobs):
    assert colorize("scans", "--jobs", jobs, "--out", "side by side")[0] == 0
    assert colorize("scans", "--out", "one")[0] == 0
    for i in range(4):
        assert (tmp_path / "side by side" / f"{i}.png").read_bytes() == (
            tmp_path / "one" / f"{i}.png"
        ).read_bytes()


def test_a_family_leaves_out_what_cannot_colorize_a_photo(bench, scans, tmp_path):
    code, output = bench("colorize", "scans/0.png", "--method", "baseline")
    assert code == 0, output
    methods = {row["method"] for row in rows(tmp_path / "colorized")}
    assert methods == {"gray", "mean-ab", "random-ab"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--grid", "colour=2"), "write size=192,256,384"),
        (("--grid", "size=5"), "16 to 4096"),
        (("--grid", "size=64.5"), "16 to 4096"),
        (("--size", 100_000), "size 100000: give 16 to 4096 pixels"),
        (("--size", 0), "size 0: give 16 to 4096 pixels"),
        (("--size", 64, "--render-factor", 4), "two names for one thing"),
        (("--size", 64, "--grid", "size=32,48"), "--grid size=… and one size of 64 are given"),
        (("--reference", "missing.jpg"), "--reference 'missing.jpg'"),
        (("--reference", "scans/0.png"), "warm takes no reference photo"),
        (("--from", "nowhere"), "is not a run folder"),
        (("--model", "nowhere"), "no such file or folder"),
        (("--method", "oracle-lowres"), "oracle"),
        (("--method", "propagated"), "only carries on given colour frames"),
        (("--method", "grey"), "did you mean gray"),
    ],
)
def test_wrong_option_is_one_message(bench, scans, options, message):
    given = options if {"--method", "--from", "--model"} & set(options) else ("--method", "warm", *options)
    code, output = bench("colorize", "scans", *given)
    assert code == 2
    assert message in output
    assert len(output.strip().splitlines()) == 1


def test_without_a_method_the_message_says_how_to_name_one(bench, scans, monkeypatch):
    from huebench.methods.base import methods

    monkeypatch.delitem(methods._items, "huebench-small", raising=False)
    code, output = bench("colorize", "scans")
    assert code == 2
    assert "--method NAME, --from RUN (the best of a run) or --model FOLDER" in output


@pytest.mark.parametrize("name", [f"{'x' * 251}.png", f"{'夏' * 83}.png", "a\rb\nc.png"])
def test_photo_with_any_name_is_colorized_once(colorize, scans, tmp_path, name):
    (scans / "0.png").rename(scans / name)
    code, output = colorize("scans")
    assert code == 0, output
    assert (tmp_path / "colorized" / name).is_file()
    assert "in another way" not in colorize("scans")[1]


def test_another_file_with_the_name_of_the_sidecar_is_kept(colorize, scans, tmp_path):
    sidecar = tmp_path / "colorized" / "colorized.csv"
    sidecar.parent.mkdir()
    sidecar.write_text("my,own\n1,2\n")
    code, output = colorize("scans")
    assert code == 2
    assert "not a record of bench colorize" in output
    assert sidecar.read_text() == "my,own\n1,2\n"


def test_second_command_on_the_same_folder_is_refused_while_the_first_works(colorize, scans, tmp_path):
    with job._locked(tmp_path / "colorized"):  # as another process holds it
        code, output = colorize("scans")
    assert code == 2
    assert "another bench colorize is writing to 'colorized': wait, or choose another --out" in output
    assert colorize("scans")[0] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not UTF-8")
def test_photo_whose_name_is_not_utf8_is_colorized_and_keeps_its_name(colorize, grey, tmp_path):
    name = os.fsdecode(b"M\xfcnchen.tif")  # as an old system in German has named it
    (tmp_path / "scans").mkdir()
    Image.fromarray(grey).save(tmp_path / "scans" / name)
    code, output = colorize("scans", "--compare")
    assert code == 0, output
    assert (tmp_path / "colorized" / name).is_file()
    assert "1 already there" in colorize("scans")[1]


def test_photo_has_one_line_whatever_its_name(colorize, grey, tmp_path):
    (tmp_path / "scans").mkdir()
    Image.fromarray(grey).save(tmp_path / "scans" / "a\nb.png")
    for strength in (1, 0.5):  # the second time, a note quotes the name of the output
        lines = colorize("scans", "--strength", strength)[1].splitlines()
        assert len(lines) == 2
        assert r"a\nb.png" in lines[0]


def test_sidecar_whose_first_line_is_torn_is_written_anew(tmp_path):
    (tmp_path / "colorized.csv").write_text("file,outp")
    assert Record(tmp_path).rows == {}


def test_torn_last_row_of_the_sidecar_is_passed_over(tmp_path):
    record = Record(tmp_path)
    row = ColorizedRow('scans/ä,"b\n.png', "b.png", "warm", "0123456789ab", "", "0.1", "dark; halftone")
    record.add(row)
    with record.path.open("a") as stream:
        stream.write("scans/c.png,c.p")
    again = Record(tmp_path)
    assert again.rows == {"b.png": row}
    other = ColorizedRow("d.png", "d.png", "warm", "0123456789ab", "", "0.1", "")
    again.add(other)
    assert Record(tmp_path).rows == {"b.png": row, "d.png": other}


def killed_and_finished(folder, moments):
    """Kill ``bench colorize`` at some moments, in seconds after its first output; then let it finish."""
    plugin = folder / "slow_orange.py"
    plugin.write_text(PLUGIN)
    command = [
        sys.executable, "-m", "huebench.bench", "colorize", str(folder / "scans"), "--method", "slow-orange",
        "--plugin", str(plugin), "--out", str(folder / "out"), "--jobs", "2",
    ]  # fmt: skip
    for moment in moments:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        process.stdout.readline()
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for path in (folder / "out").glob("*.png"):
            if not path.name.startswith("."):
                with Image.open(path) as photo:
                    photo.load()
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check_kills(folder, grey, photos, moments):
    (folder / "scans").mkdir()
    for i in range(photos):
        Image.fromarray(np.tile(np.roll(grey, 7 * i, axis=1), (3, 3))).save(folder / "scans" / f"{i:03}.png")
    before = contents(folder / "scans")
    done = killed_and_finished(folder, moments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(folder / "scans") == before
    left = sorted(path.name for path in (folder / "out").iterdir())
    assert left == [*(f"{i:03}.png" for i in range(photos)), "colorized.csv"]
    assert len(rows(folder / "out")) == photos


def test_killed_job_leaves_no_half_file_and_is_finished_by_the_next(tmp_path, grey):
    check_kills(tmp_path, grey, 12, [0.02])


@pytest.mark.long
def test_job_killed_at_20_moments(tmp_path, grey):
    check_kills(tmp_path, grey, 150, np.random.default_rng(0).uniform(0, 0.15, 20))
