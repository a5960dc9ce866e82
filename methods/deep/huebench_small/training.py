"""The training step of `huebench-small`: a low learning rate for the encoder, and one cycle of rates."""

from __future__ import annotations

from torch import optim

from ...learning.learner import Precision, Supervised
from .network import SmallNetwork

RATES = [3e-4, 2e-3]  #: Highest learning rates of the pretrained encoder and of the decoder

WEIGHT_DECAY = 0.01

WARM_UP = 0.15  #: Share of the steps in which the learning rates rise

AVERAGE = 0.998  #: Decay of the moving average of the weights, which is what ships

CROP = 0.4  #: Smallest share of a photo's area in a random crop


def learner(network: SmallNetwork, steps: int, precision: Precision) -> Supervised:
    """Return the training step for a number of steps in all: AdamW, its rates rising and falling once."""
    trained = {key: value for key, value in network.named_parameters() if value.requires_grad}
    encoder = [value for key, value in trained.items() if key.startswith("backbone.")]
    decoder = [value for key, value in trained.items() if not key.startswith("backbone.")]
    optimizer = optim.AdamW([{"params": encoder}, {"params": decoder}], weight_decay=WEIGHT_DECAY)
    cycle = optim.lr_scheduler.OneCycleLR(optimizer, RATES, total_steps=steps + 1, pct_start=WARM_UP)
    return Supervised(network, optimizer, cycle, precision, every_step=True)
