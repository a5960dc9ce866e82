"""A picture that is lost or damaged costs itself: the run folder is good for the rest."""

import os

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
