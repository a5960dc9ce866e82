"""Train `huebench-small-hints`: ``python -m huebench.methods.deep.huebench_small_hints.train --help``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path

import torch

from ....datasets.base import fingerprint
from ....files import file_digest
from ...base import Context
from ...learning.data import LabBatches
from ...learning.reproducible import reproducible
from ...learning.trainer import Habits, Trainer
from ...threads import limit_threads
from ..huebench_small.card import WEIGHTS as AUTOMATIC
from ..huebench_small.command import log_epochs, log_progress, run_training, training_parser
from ..huebench_small.photos import SIDE as PACKED_SIDE
from ..huebench_small.photos import SeveralSets, draw_entries, photo_set
from ..huebench_small.prediction import load_network
from ..huebench_small.weights import WEIGHTS, save_weights
from .network import HintNetwork
from .training import AVERAGE, CROP, HintLearner

SIDE = 192  #: Side in pixels of the training photos

SIZE = 128  #: Side in pixels of what the frozen network sees of them

EPOCHS = 10

EPOCH = 3000  #: Photos per epoch, drawn at random from all: a checkpoint is written after each

BATCH = 12

VALIDATION_PHOTOS = 240


def train(
    specs: Sequence[str],
    folder: Path,
    *,
    epochs: int = EPOCHS,
    stop: int | None = None,
    epoch: int = EPOCH,
    batch: int = BATCH,
    side: int = SIDE,
    seed: int = 0,
    threads: int = 1,
    log: Callable[[str], None] = lambda line: None,  # noqa: ARG005
) -> Path:
    """Train the network and write its weights; resumes after a kill.

    Parameters
    ----------
    specs
        Datasets as ``NAME:PATH``, those of `huebench-small`: what is learned from is one of its training
        photos, by `SeveralSets.usable`.
    folder
        Folder for the weights and for checkpoints.
    epochs, epoch, batch
        Number of epochs, and photos per epoch and per step. The learning rate rises and falls once over all
        epochs.
    stop
        Number of the epoch after which training ends; by default the last one.
    side
        Side in pixels of the training photos, a multiple of 48. The frozen network sees two thirds of it.
    seed
        Seed of weights, order, crops, mirroring and hints. On one machine the same seed, photos and number of
        threads give the same bytes.
    threads
        Number of threads.
    log
        Called with a line per epoch and every few steps.

    Returns
    -------
    Path
        The file of weights.

    Raises
    ------
    UserError
        If there are no photos, or if a checkpoint belongs to another training.
    """
    dataset = SeveralSets(specs)
    usable = dataset.usable()
    shown = draw_entries(dataset, "validation", VALIDATION_PHOTOS)
    log(f"{len(usable):,} training photos, {len(shown):,} validation photos")
    packed, validation = (photo_set(dataset, each).packed(PACKED_SIDE) for each in (usable, shown))
    context = Context(
        seed=seed,
        threads=threads,
        checkpoints=folder,
        log_epoch=log_epochs(log),
        progress=log_progress(log),
    )
    cpu, photos = torch.device("cpu"), min(epoch, len(usable))
    with limit_threads(threads), reproducible(seed, cpu):
        network = HintNetwork()
        automatic = load_network(AUTOMATIC)
        learner = HintLearner(network, automatic, side * SIZE // SIDE, epochs * ceil(photos / batch))
        seen = LabBatches(packed, batch, cpu, crop=CROP, side=side).shorter(photos)
        held = LabBatches(validation, batch, cpu, side=side)
        key = json.dumps([fingerprint(usable), file_digest(AUTOMATIC), epochs, epoch, batch, side, seed])
        last = min(epochs, stop or epochs)
        Trainer(learner, seen, held, last, context, key, Habits(average=AVERAGE)).run()
    save_weights(network, folder / WEIGHTS)
    return folder / WEIGHTS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = training_parser(
        "huebench.methods.deep.huebench_small_hints.train", _DESCRIPTION, epoch=EPOCH, batch=BATCH, threads=1
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--stop", type=int, help="epoch after which training ends; by default the last one")
    return run_training(train, parser.parse_args(arguments))


_DESCRIPTION = (
    "Train huebench-small-hints, on the network of huebench-small as it ships, with random hints from the "
    "training splits of datasets. It writes weights.safetensors, and resumes where it stopped if it is "
    "started again with the same options."
)

if __name__ == "__main__":
    sys.exit(main())
