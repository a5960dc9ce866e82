"""A picture that is lost or damaged costs itself: the run folder is good for the rest."""

import os

import pandas as pd
from PIL import Image

from huebench.reports.pictures import only_whole
from huebench.reports.tables import read_results

RUN = ("run", "--methods", "gray", "--limit", 4, "--size", 32, "--metrics", "psnr,auc", "--out", "out")


def test_a_run_reports_without_lost_pictures_and_a_rerun_makes_them_again(bench, tmp_path):
    out = tmp_path / "out"
    assert bench(*RUN)[0] == 0
    before = {path: path.read_bytes() for path in out.glob("pictures/*/*.png")}
    whole = read_results(out).images
    (out / whole["truth_picture"][0]).unlink()
    os.truncate(out / whole["picture"][1], 200)
    (out / whole["input_picture"][2]).write_bytes(b"")
    (out / "report.md").unlink()

    code, output = bench(*RUN)
    assert code == 0, output
    assert "already done" in output
    kept = read_results(out).images
    for number, column in enumerate(("truth_picture", "picture", "input_picture")):
        assert list(kept[column].isna()) == [i == number for i in range(4)]
    assert bench("report", "out", "--format", "md,html,latex")[0] == 0

    code, output = bench(*RUN, "--rerun", "all")
    assert code == 0, output
    assert {path: path.read_bytes() for path in out.glob("pictures/*/*.png")} == before
    assert read_results(out).images.equals(whole)


def write_picture(path):
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (4, 4)).save(path, "PNG")


def test_only_regular_files_inside_the_run_folder_are_pictures(tmp_path):
    folder = tmp_path / "run"
    write_picture(tmp_path / "secret.png")
    write_picture(folder / "mine.png")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    names = ["mine.png", "../secret.png", str(tmp_path / "secret.png"), "link.png", "pipe.png", "folder.png"]
    kept = only_whole(pd.DataFrame({"picture": names}), folder)["picture"]
    assert list(kept.dropna()) == ["mine.png"]
