"""The ablation: which trainings it compares, and the table of their differences."""

from types import SimpleNamespace

import pandas as pd
import pytest

from huebench import UserError
from huebench.bench.ablation import ALL, NONE, failures, table, variants
from huebench.bench.cli.ablation import _titled


def test_each_training_lacks_one_technique_and_the_last_lacks_all():
    trainings = variants("encoder-decoder[size=64,epochs=2]", "quick")
    names = [training.name for training in trainings]
    assert (names[0], names[-1], len(names)) == (ALL, NONE, 9)
    whole, none = trainings[0].spec.parameters, trainings[-1].spec.parameters
    assert whole["start_size"] == "32"
    assert {name for name in whole if whole[name] != none[name]} == {
        *("keep", "optimizer", "rates", "average", "recalibrate", "crop", "start_size", "near_grey"),
    }
    for training in trainings[1:-1]:
        changed = {name for name, value in training.spec.parameters.items() if value != whole[name]}
        assert changed in ({"optimizer", "rates"}, *({name} for name in whole))
    assert len({training.label for training in trainings}) == 9
    assert all(training.spec.parameters["epochs"] == "2" for training in trainings)


def test_a_technique_that_the_method_sets_itself_is_refused():
    with pytest.raises(UserError, match="the ablation itself sets crop, keep: leave that out of --method"):
        variants("encoder-decoder[size=64,keep=last,crop=0.9]", "quick")


def test_folders_have_titles_of_their_own_and_two_of_one_title_are_refused():
    assert _titled(["folder:a", "folder:x/b", "landscapes:c"]) == {
        "folder-a": ("folder", "a"),
        "folder-b": ("folder", "x/b"),
        "landscapes": ("landscapes", "c"),
    }
    with pytest.raises(UserError, match="two --dataset are both called folder-a"):
        _titled(["folder:a", "folder:x/a"])


@pytest.mark.parametrize("method", ["gray", "encoder-decoder,resnet34-regression", "patch-som-mlp"])
def test_other_methods_are_refused(method):
    with pytest.raises(UserError, match="an ablation needs one trained network"):
        variants(method, "quick")


@pytest.mark.parametrize("name", ["pix2pix", "nogan-unet", "cnn-lstm"])
def test_a_network_that_lacks_a_technique_is_refused(name):
    with pytest.raises(UserError, match=f"{name} does not take all these techniques"):
        variants(name, "quick")


def test_the_table_has_means_and_paired_differences_with_intervals():
    trainings = variants("encoder-decoder[size=64]", "quick")[:2]
    rows = [
        {"method": training.label, "photo": photo, "status": "ok", "auc": auc + worse, "psnr_ab": 20.0,
         "colorfulness": 10.0 + 10 * worse * auc, "near_grey": photo == "grey"}
        for training, worse in zip(trainings, (0.0, -0.1), strict=True)
        for photo, auc in (("a", 0.5), ("b", 0.7), ("c", 0.9), ("grey", 1.0))
    ]  # fmt: skip
    rows[4]["auc"] += 0.02
    cells = pd.DataFrame(
        {"method": [training.label for training in trainings], "status": "ok", "fit_seconds": [61.2, 80.0]}
    )
    text = table(trainings, {"landscapes": SimpleNamespace(images=pd.DataFrame(rows), cells=cells)})
    lines = text.splitlines()
    assert lines[0] == "## landscapes, 3 validation photos, 1 near-grey left out"
    assert lines[4] == "| all techniques | 0.7000 |  | 20.000 |  | 10.0 |  | 61 |"
    # The differences are -0.08, -0.1, -0.1: mean -0.0933, deviation 0.01155, t(2) = 4.3027.
    assert lines[5].startswith(
        "| without the best epoch | 0.6067 | -0.0933 (-0.1220 … -0.0646) | 20.000 | none | 9.3 | -0.7"
    )
    assert lines[5].endswith(" | 80 |")


def test_a_training_that_failed_is_told_with_its_reason():
    trainings = variants("encoder-decoder[size=64]", "quick")[:2]
    cells = pd.DataFrame(
        {
            "method": [training.label for training in trainings],
            "status": ["ok", "out-of-memory"],
            "reason": ["", "too large"],
        }
    )
    lines = failures(trainings, {"landscapes": SimpleNamespace(cells=cells)})
    assert lines == ["landscapes, without the best epoch: out-of-memory, too large"]
