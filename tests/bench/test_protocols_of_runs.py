"""A run under a named protocol: what it leaves out, says, and refuses to be compared with."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from skimage import data

import huebench
from huebench import UserError
from huebench.bench.protocol.presets import presets
from huebench.reports.analysis.summary import summarize


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run `gray` under iColoriT's protocol on two coloured photos and a grey one."""
    root = tmp_path_factory.mktemp("photos")
    grey = np.repeat(data.coffee()[..., :1], 3, axis=2)
    photos = {
        "test/a": data.coffee(),
        "test/b": data.chelsea(),
        "test/grey": grey,
        "train/c": data.astronaut(),
    }
    for name, photo in photos.items():
        path = root / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(photo[::2, ::2]).save(path)
    return huebench.run(methods="gray", dataset=f"folder:{root}", protocol="icolorit", out=root / "run")


def test_near_grey_photos_are_left_out(run):
    images = run.images.set_index("photo")
    assert dict(images["status"]) == {"test/a.png": "ok", "test/b.png": "ok", "test/grey.png": "left out"}
    assert images.loc["test/grey.png", "reason"] == "near-grey: the protocol scores no such photo"
    assert images["psnr_capped"].notna().tolist() == [True, True, False]


def test_a_method_is_not_blamed_for_photos_left_out(run):
    assert list(summarize(run).contenders()) == ["gray"]


def test_rows_and_report_name_the_protocol(run):
    digest = presets.get("icolorit").protocol.digest
    assert set(run.cells["protocol"]) == {digest}
    report = run.report()[0].read_text()
    assert f"Protocol **icolorit** `{digest}`: size 224; " in report
    assert "near grey left out, for every method" in report
    assert "| near grey | left out, for every method | whether near-grey photos are scored" in " ".join(
        report.split()
    )


def test_another_protocol_is_refused_with_the_fields_that_differ(run):
    other = presets.get("ct2").protocol
    facts = replace(run.run, protocol=other.facts(), protocol_digest=other.digest)
    with pytest.raises(UserError, match="differ in their protocols") as refused:
        huebench.compare(run, huebench.bench.api.Run(**{**vars(run), "run": facts}))
    for text in ("size: 224 → 256", "resize: squash → center-crop", "truth: not stated → the resized photo"):
        assert text in str(refused.value)


def test_photos_that_a_protocol_all_leaves_out_end_the_run_with_advice(bench, tmp_path):
    for name in ("train/a", "test/b"):
        path = tmp_path / "grey" / f"{name}.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(np.repeat(data.coffee()[::8, ::8, :1], 3, axis=2)).save(path)
    arguments = ("--methods", "gray", "--protocol", "icolorit", "--dataset", f"folder:{tmp_path / 'grey'}")
    code, output = bench("run", *arguments, "--out", "out")
    assert code == 1
    assert "the photos have no colour; `bench colorize` colorizes them" in output
