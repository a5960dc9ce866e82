"""A run that compares choices of reference photo, from the command line to the report."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from huebench.reports.tables import read_results

SIDE = 32

PLUGIN = """
import numpy as np
from huebench.datasets.color.conversion import rgb_to_lab
from huebench.methods.base import Method, MethodInfo, register

@register
class MeanOfReference(Method):
    info = MethodInfo(
        name="mean-of-reference", family="classical", source="a test", reference="similar", seeded=False
    )

    def colorize(self, lightness, context):
        means = rgb_to_lab(context.references)[1].mean(axis=(1, 2))
        return np.broadcast_to(means[:, None, None], (*lightness.shape, 2)).copy()
"""


def picture(number, tint, noise):
    """Make a photo of smooth patches of one hue; its number decides its lightness."""
    rng = np.random.default_rng(number)
    patches = np.kron(rng.uniform(70, 190, (8, 8)), np.ones((SIDE // 8, SIDE // 8)))
    grains = np.random.default_rng(99).normal(0, noise, patches.shape) if noise else 0
    return np.clip((patches + grains)[..., None] + np.array(tint), 0, 255).astype(np.uint8)


WARM, COLD = (40, 0, -40), (-40, 0, 40)


@pytest.fixture
def photos(tmp_path):
    """Warm and cold photos; of every test photo a near-duplicate is among the training photos."""
    folder, rows = tmp_path / "photos", ["id,split,category"]
    made = {f"train/{tint}-{i}": (i, tint, 0) for tint in ("warm", "cold") for i in range(100, 106)}
    for i, tint in enumerate(("warm", "cold", "warm", "odd")):
        made[f"test/{tint}-{i}"] = (i, tint, 0)
        made[f"train/{tint}-{i}-again"] = (i, tint, 2)
    made["validation/warm"] = (500, "warm", 0)
    for name, (number, tint, noise) in made.items():
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(number, COLD if tint == "cold" else WARM, noise)).save(path)
        rows.append(f"{name}.png,{name.partition('/')[0]},{tint}")
    (folder / "splits.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "mine.py").write_text(PLUGIN)
    return folder


RUN = (
    "run", "--methods", "mean-of-reference", "--plugin", "mine.py", "--dataset", "folder:photos",
    "--size", SIDE, "--metrics", "psnr,auc",
)  # fmt: skip
ALL = (*RUN, "--references", "similar,random,category,neighbours")


@pytest.mark.usefixtures("photos")
def test_choices_of_reference_from_the_command_line_to_the_report(bench, tmp_path):
    code, output = bench(*RUN, "--references", "category", "--out", "out")
    assert code == 0, output
    results = read_results(tmp_path / "out")
    assert results.cells["method"].tolist() == ["mean-of-reference"]
    table = results.examples
    assert table.groupby("choice").size().to_dict() == {"similar": 4, "random": 4, "category": 4}
    by_choice = {choice: own.set_index("photo") for choice, own in table.groupby("choice")}
    own, main = by_choice["similar"], results.images.set_index("photo")
    pd.testing.assert_series_equal(own["psnr"], main["psnr"])

    category = by_choice["category"]
    assert category.loc["test/odd-3.png", "status"] == "left out"
    assert "no training photo of its category" in category.loc["test/odd-3.png", "reason"]
    scored = category[category["status"] == "ok"]
    assert len(scored) == 3
    assert list(scored["reference"].str.split("[/-]").str[1]) == list(scored["category"])
    others = by_choice["random"].loc[scored.index]
    right = others["reference"].str.split("[/-]").str[1] == others["category"]
    assert (scored["psnr"][~right] > others["psnr"][~right] + 3).all()
    assert (scored["reference"][right] == others["reference"][right]).all()

    report = (tmp_path / "out" / "report.md").read_text()
    section = report.partition("## Colour by example")[2].partition("\n## ")[0]
    assert "1 of 4 photos have no training photo of their category" in section
    assert "figures/examples-pictures.jpg" in section


@pytest.mark.slow
@pytest.mark.usefixtures("photos")
def test_references_depend_on_neither_jobs_nor_limit_and_are_never_the_photos_near_duplicates(
    bench, tmp_path
):
    runs = [
        bench(*ALL, "--keep-predictions", "all", "--out", "one"),
        bench(*ALL, "--keep-predictions", "none", "--jobs", 2, "--limit", 2, "--out", "two"),
    ]
    assert [code for code, _ in runs] == [0, 0], runs
    keys = ["choice", "photo"]
    one, two = (read_results(tmp_path / name).examples.set_index(keys) for name in ("one", "two"))
    columns = ["reference", "psnr"]
    pd.testing.assert_frame_equal(one.loc[two.index, columns], two[columns])
    for (choice, photo), chosen in one["reference"].dropna().str.split(", ").items():
        assert len(set(chosen)) == (4 if choice == "neighbours" else 1)
        assert photo.replace("test/", "train/").replace(".png", "-again.png") not in chosen
        assert all(name.startswith("train/") for name in chosen)

    code, output = bench("score", "one", "--metrics", "psnr", "--plugin", "mine.py")
    assert code == 0, output
    again = read_results(tmp_path / "one").examples.set_index(keys)
    pd.testing.assert_frame_equal(again[[*columns, "status"]], one[[*columns, "status"]])
