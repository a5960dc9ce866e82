"""Two processes over Gloo, started like torchrun does, against one with the whole batch."""

import json
import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from huebench import UserError
from huebench.methods.learning import parallel
from huebench.methods.learning.data import LabBatches
from huebench.methods.learning.encoders import Backbone

CPU = torch.device("cpu")

SCRIPT = """
import json, os, sys
import numpy as np, torch
from pathlib import Path
from torch import nn
from huebench.methods.base import Context
from huebench.methods.learning.adversarial import ContentLoss, Player
from huebench.methods.learning.data import LabBatches
from huebench.methods.learning.learner import Supervised
from huebench.methods.deep.nogan_unet.training import Burst
from huebench.methods.learning.parallel import from_first_process, main_process_first, process_group, rank
from huebench.methods.learning.reproducible import reproducible
from huebench.methods.learning.trainer import Habits, Trainer
from huebench.methods.learning.network import ColorNetwork

class Tiny(ColorNetwork):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(1, 2, 3, padding=1)
    def forward(self, lightness):
        return self.layer(lightness / 100)
    def chroma(self, prediction):
        return 100 * prediction
    def loss(self, prediction, ab):
        return nn.functional.mse_loss(prediction, ab / 100)

class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 1, 3)
    def forward(self, lightness, ab):
        return self.layer(torch.cat((lightness, ab), dim=1) / 100)

def photos(count, seed):
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)

device = torch.device("cpu")
curve, answers = [], {}
folder = Path(sys.argv[1]) / os.environ.get("RANK", "alone")
with process_group(device), reproducible(0, device):
    with main_process_first():
        answers["saw the first's file"] = (Path(sys.argv[1]) / "first").exists()
        if rank() == 0:
            (Path(sys.argv[1]) / "first").touch()
    def adam(network):
        return torch.optim.Adam(network.parameters(), lr=0.01)
    network, critic = Tiny(), Critic()
    batches = LabBatches(photos(12, 0), 4, device), LabBatches(photos(5, 1), 4, device)
    context = Context(checkpoints=folder, log_epoch=curve.append)
    steps = torch.optim.lr_scheduler.StepLR(optimizer := adam(network), 2)
    Trainer(Supervised(network, optimizer, steps), *batches, 3, context, "key").run()
    score = lambda: len(curve) if rank() == 0 else -len(curve)
    burst = Burst(Player(network, adam(network)), Player(critic, adam(critic)),
                  ContentLoss(network, 1.0, 0.0, None), "fp32")
    trainer = Trainer(burst, *batches, 3, context, "key", Habits(keep_best=True), score,
                      may_keep_none=True, name="burst")
    trainer.run()
    answers["best"] = trainer.best_epoch
    answers["first's"] = from_first_process(rank() + 7.0)
answers["losses"] = [epoch.loss for epoch in curve]
answers["weights"] = [value for weight in network.parameters() for value in weight.flatten().tolist()]
answers["checkpoints"] = sorted(path.name for path in folder.glob("*"))
Path(sys.argv[1], f"answers{os.environ.get('RANK', '')}.json").write_text(json.dumps(answers))
"""


def _environments() -> list[dict[str, str]]:
    """Return the variables that torchrun would set for each of two processes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    group = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    return [{**group, "RANK": str(rank)} for rank in range(2)]


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, dict]:
    """Return what one process alone, and each of two, came to."""
    folder = tmp_path_factory.mktemp("group")
    script = folder / "train.py"
    script.write_text(SCRIPT)
    found = {}
    for name, environments in (("alone", [os.environ]), ("two", _environments())):
        place = folder / name
        place.mkdir()
        running = [
            subprocess.Popen([sys.executable, script, place], env={**env, "OMP_NUM_THREADS": "1"})
            for env in environments
        ]
        assert [process.wait(120) for process in running] == [0] * len(running)
        for path in place.glob("answers*.json"):
            found[f"{name}{path.stem.removeprefix('answers')}"] = json.loads(path.read_text())
    return found


def test_losses_and_weights_equal_those_of_one_process(answers):
    assert len(answers["alone"]["losses"]) == 12
    for process in ("two0", "two1"):
        torch.testing.assert_close(
            torch.tensor(answers[process]["losses"]), torch.tensor(answers["alone"]["losses"])
        )
        torch.testing.assert_close(
            torch.tensor(answers[process]["weights"]), torch.tensor(answers["alone"]["weights"])
        )
    assert answers["two0"]["weights"] == answers["two1"]["weights"]


def test_only_the_first_process_writes_checkpoints(answers):
    assert answers["two0"]["checkpoints"] == answers["alone"]["checkpoints"] == ["burst.pt", "training.pt"]
    assert answers["two1"]["checkpoints"] == []


def test_only_the_first_process_scores(answers):
    assert answers["two1"]["best"] == answers["two0"]["best"] == 3
    assert answers["two1"]["first's"] == answers["two0"]["first's"] == 7


def test_the_first_process_runs_the_block_first(answers):
    assert (answers["two0"]["saw the first's file"], answers["two1"]["saw the first's file"]) == (False, True)


def test_shares_are_disjoint_and_whole(monkeypatch):
    photos = torch.arange(7)
    assert torch.equal(parallel.own_share(photos), photos)
    monkeypatch.setattr(parallel, "world_size", lambda: 3)
    shares = []
    for rank in range(3):
        monkeypatch.setattr(parallel, "rank", lambda rank=rank: rank)
        shares.append(parallel.own_share(photos))
    assert torch.equal(torch.cat(shares), photos)
    assert [len(share) for share in shares] == [3, 2, 2]


def test_fewer_photos_in_a_batch_than_devices_is_an_error(monkeypatch):
    monkeypatch.setattr("huebench.methods.learning.data.world_size", lambda: 4)
    packed = torch.zeros(6, 8, 8, 3, dtype=torch.uint8).numpy()
    with pytest.raises(UserError, match="6 photos in batches of 2 are too few for 4 devices: raise batch"):
        LabBatches(packed, 2, CPU)


def test_synchronised_batch_norm_keeps_the_predictions(monkeypatch):
    torch.manual_seed(0)
    network = nn.Sequential(nn.BatchNorm2d(1), Backbone("test_efficientnet", (0, 1)))  # with timm's layers
    photos = 100 * torch.rand(4, 1, 64, 64)
    network(photos)  # so that the statistics are the photos'
    network.eval()
    with torch.inference_mode():
        before = network(photos)
        monkeypatch.setattr(parallel, "world_size", lambda: 2)
        monkeypatch.setattr(network, "parameters", lambda: iter([SimpleNamespace(is_cuda=True)]))
        for _ in range(2):  # a network that goes through several stages is given to several learners
            parallel.sync_batch_norm(network)
            after = network(photos)
            for expected, stage in zip(before, after, strict=True):
                assert torch.equal(stage, expected)
    normalising = [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    assert len(normalising) > 5
    assert all(isinstance(layer, nn.SyncBatchNorm) for layer in normalising)
