"""A run with hints, from the command line to the report."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from huebench.reports.tables import read_results

RUN = (
    "run", "--methods", "gray,nearest-hint", "--dataset", "samples", "--limit", 3, "--size", 32,
    "--metrics", "psnr,auc", "--hints", "2,40", "--out", "out",
)  # fmt: skip


def test_hints_from_the_command_line_to_the_report(bench, tmp_path):
    code, output = bench(*RUN)
    assert code == 0, output
    assert "Colour by hints" in output
    cells = read_results(tmp_path / "out").cells.set_index("method")
    assert cells["hints"].to_dict() == {
        "gray": 0,
        "nearest-hint": 0,
        "nearest-hint@2": 2,
        "nearest-hint@40": 40,
    }
    assert cells["status"].eq("ok").all()
    assert cells["oracle"].tolist() == [False, True, True, True]
    assert set(cells["family"]) == {"baseline", "hinted"}
    images = pd.read_parquet(tmp_path / "out" / "images.parquet")
    psnr = images.pivot_table(index="photo", columns="method", values="psnr")
    assert (psnr["nearest-hint"] == psnr["gray"]).all()
    means = psnr.mean()
    assert means["gray"] < means["nearest-hint@2"] < means["nearest-hint@40"]
    kept = images.dropna(subset=["input_picture"]).set_index("method")
    assert kept.index.value_counts().to_dict() == {
        "gray": 3, "nearest-hint": 3, "nearest-hint@2": 1, "nearest-hint@40": 1
    }  # fmt: skip
    coloured = {}
    for method in ("nearest-hint@2", "nearest-hint@40"):
        with Image.open(tmp_path / "out" / kept.loc[method, "input_picture"]) as picture:
            coloured[method] = (np.ptp(np.asarray(picture).astype(int), axis=2) > 2).sum()
    # A hint has 3×3 pixels; some are almost grey.
    assert 0 <= coloured["nearest-hint@2"] <= 2 * 9 < coloured["nearest-hint@40"] <= 40 * 9
    report = (tmp_path / "out" / "report.md").read_text()
    assert "hints-pictures.jpg" in report
    assert "## Colour by hints" in report
    assert "nearest-hint@40" not in report.partition("## Colour by hints")[0]
    code, output = bench(*RUN, "--dry-run")
    assert code == 0, output
    assert output.count("nearest-hint@") == 2


def test_a_method_with_hints_sees_nothing_else_of_the_truth(bench, plugin, tmp_path):
    path = plugin(
        "peeks", "assert context.true_chroma is None\n        return context.hints.ab if context.hints else "
        "np.zeros((*lightness.shape, 2), np.float32)", hints=True,
    )  # fmt: skip
    code, output = bench(
        "run", "--methods", "peeks", "--plugin", path, *RUN[3:], "--keep-predictions", "none"
    )
    assert code == 0, output


@pytest.mark.slow
def test_a_method_of_ones_own_is_given_hints(bench, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    arguments = ("run", "--methods", "mine", "--plugin", "mine.py", *RUN[3:])
    code, output = bench(*arguments)
    assert code == 0, output
    cells = read_results(tmp_path / "out").cells.set_index("method")
    assert cells.loc["mine", "family"] == "classical"
    assert not cells.loc["mine", "oracle"]  # without hints it competes
    assert cells.loc["mine@40", "oracle"]
    code, output = bench(*arguments, "--rerun", "mine@40", "--jobs", 2)
    assert code == 0, output
    code, output = bench("report", "out", "--methods", "Ours=mine")
    assert code == 0, output
    assert "Ours" in output.partition("Colour by hints")[2]


MINE = '''
"""The mean of the hints."""
import numpy as np
from huebench.methods.base import Method, MethodInfo, register

@register
class Mine(Method):
    """Made for a test."""

    info = MethodInfo(name="mine", family="classical", source="a test", hints=True, seeded=False)

    def colorize(self, lightness, context):
        chroma = np.zeros((*lightness.shape, 2), np.float32)
        assert context.true_chroma is None
        if context.hints is not None:
            assert not context.hints.ab[~context.hints.mask].any()
            for photo in range(len(chroma)):
                chroma[photo] = context.hints.ab[photo][context.hints.mask[photo]].mean(axis=0)
        return chroma
'''
