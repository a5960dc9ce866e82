"""One small run for all tests of models."""

import pytest

import huebench

METHOD = "encoder-decoder[size=32]"
OPTIONS = {
    "limit": 4,
    "size": 32,
    "budget": "smoke",
    "metrics": ["psnr", "auc", "auc_rebalanced", "colorfulness"],
}


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    return huebench.run(methods=["gray", METHOD], out=tmp_path_factory.mktemp("models") / "run", **OPTIONS)
