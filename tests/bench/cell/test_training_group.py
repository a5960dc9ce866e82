"""``--devices 2``: two processes train as one does on the whole batch, and only the first writes."""

import json

import numpy as np
import pandas as pd
import pytest

from huebench import UserError
from huebench.bench.plan.machine import check_gpus

TRAINING = "encoder-decoder[size=16,epochs=3,batch=8,precision=fp32,photos=32,patience=3]"


@pytest.fixture
def curves(bench):
    """Train with some devices; return the curve, a row an epoch and split, and the notes."""

    def train(devices) -> tuple[pd.DataFrame, dict[str, str]]:
        code, printed = bench(
            *("run", "--methods", TRAINING, "--devices", devices, "--device", "cpu", "--limit", 1),
            *("--metrics", "psnr", "--out", f"run{devices}"),
        )
        assert code == 0, printed
        cells = pd.read_parquet(f"run{devices}/cells.parquet")
        curves = pd.read_parquet(f"run{devices}/curves.parquet")
        return curves.sort_values(["epoch", "split"]), json.loads(cells["notes"].item())

    return train


@pytest.mark.slow
def test_two_processes_train_as_one_does_on_the_whole_batch(curves):
    alone, notes_alone = curves(1)
    together, notes_together = curves(2)
    assert len(together) == len(alone) == 6
    np.testing.assert_allclose(together["loss"], alone["loss"], rtol=1e-3)
    np.testing.assert_allclose(together["accuracy"], alone["accuracy"], atol=0.01)
    training = alone[alone["split"] == "train"]["loss"]
    assert training.iloc[-1] < training.iloc[0]
    assert notes_together == notes_alone | {"trained on": "2 devices"}


@pytest.mark.slow
def test_a_process_that_fails_ends_the_training(bench, plugin):
    file = plugin("fails-beside", fit="import time; os.environ['RANK'] == '0' and time.sleep(60); 1 / 0")
    file.write_text(file.read_text().replace('"baseline"', '"deep"'))
    code, _ = bench(
        *("run", "--methods", "fails-beside", "--plugin", file, "--devices", 2, "--device", "cpu"),
        *("--limit", 1, "--metrics", "psnr", "--out", "run"),
    )
    assert code == 1
    row = pd.read_parquet("run/cells.parquet").iloc[0]
    assert row["status"] == "failed"
    assert "ZeroDivisionError" in row["traceback"]
    assert "one of 2 training processes has failed" in row["traceback"]


def test_more_gpus_than_there_are_is_an_error(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    check_gpus(1)
    with pytest.raises(UserError, match=r"--devices 2: torch sees 1 CUDA device here"):
        check_gpus(2)
