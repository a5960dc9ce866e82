"""Train `huebench-small`: ``python -m huebench.methods.deep.huebench_small.train --help``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import torch

from .... import UserError
from ....datasets.base import RGB, fingerprint
from ...base import Context
from ...learning.data import LabBatches
from ...learning.learner import native_precision
from ...learning.network import to_device
from ...learning.reproducible import reproducible
from ...learning.trainer import Habits, Trainer
from ...pretrained.imagenet import IMAGENET, find_weights
from ...pretrained.timm_weights import load_weights
from ...threads import limit_threads
from .command import log_epochs, log_progress, run_training, training_parser
from .network import SmallNetwork
from .photos import DIGESTS, SIDE, SeveralSets, draw_entries, photo_set, write_digests
from .training import AVERAGE, CROP, learner
from .weights import WEIGHTS, save_weights

STAGES = "128x12"

EPOCH = 3000
"""Photos per epoch, drawn at random from all: a checkpoint is written after each."""

BATCH = 32

VALIDATION_PHOTOS = 320


@dataclass(frozen=True)
class Stage:
    """A number of epochs at one side in pixels."""

    side: int
    epochs: int


def stages(text: str) -> list[Stage]:
    """Read ``SIDExEPOCHS,…``.

    Raises `UserError` if it cannot be read, or a side is not a multiple of 32.

    >>> stages("128x11,192x2")
    [Stage(side=128, epochs=11), Stage(side=192, epochs=2)]
    """
    try:
        found = [Stage(*map(int, part.split("x"))) for part in text.split(",")]
    except (ValueError, TypeError) as error:
        raise UserError(f"stages '{text}' must look like '{STAGES}': sides and epochs") from error
    if any(stage.side < 32 or stage.side % 32 or stage.epochs < 1 for stage in found):
        raise UserError(f"stages '{text}': sides must be multiples of 32, and epochs at least 1")
    return found


def train(
    specs: Sequence[str],
    folder: Path,
    *,
    plan: Sequence[Stage],
    epoch: int = EPOCH,
    batch: int = BATCH,
    seed: int = 0,
    threads: int = 2,
    encoder: str = "auto",
    log: Callable[[str], None] = lambda line: None,  # noqa: ARG005
) -> Path:
    """Train the network and write its weights and the digests of its photos; resumes after a kill.

    Parameters
    ----------
    specs
        Datasets as ``NAME:PATH``. Their training splits are learned; see `SeveralSets.usable`.
    folder
        Folder for the two files and for checkpoints.
    plan
        Stages, one after the other.
    epoch, batch
        Photos per epoch and per step.
    seed
        Seed of weights, order, crops and mirroring. On one machine the same seed, photos and number of
        threads give the same bytes.
    threads
        Number of threads.
    encoder
        File or folder with ImageNet weights of ``tf_efficientnet_lite0``; ``auto`` looks for them, and
        ``none`` starts from random ones.
    log
        Called with a line per epoch and every few steps.

    Returns
    -------
    Path
        The file of weights.

    Raises
    ------
    UserError
        If photos or the encoder's weights are missing, or if a checkpoint belongs to another training.
    """
    dataset = SeveralSets(specs)
    usable = dataset.usable()
    shown = draw_entries(dataset, "validation", VALIDATION_PHOTOS)
    log(f"{len(usable):,} training photos, {len(shown):,} validation photos")
    packed, validation = (photo_set(dataset, each).packed(SIDE) for each in (usable, shown))
    context = Context(seed=seed, threads=threads, checkpoints=folder, log_epoch=log_epochs(log))
    with limit_threads(threads), reproducible(seed, torch.device("cpu")):
        network = SmallNetwork()
        _start(network, encoder)
        to_device(network, torch.device("cpu"))
        photos = min(epoch, len(usable))
        steps = sum(stage.epochs for stage in plan) * ceil(photos / batch)
        trained = learner(network, steps, native_precision("cpu"))
        key = json.dumps([fingerprint(usable), str(plan), epoch, batch, seed, encoder])
        for number, stage in enumerate(plan, start=1):
            log(f"stage {number} of {len(plan)}: {stage.epochs} epochs at {stage.side}²")
            seen = _batches(packed, batch, stage.side, crop=CROP).shorter(photos)
            held = _batches(validation, batch, stage.side)
            own = replace(context, progress=log_progress(log))
            habits = Habits(average=AVERAGE)
            Trainer(trained, seen, held, stage.epochs, own, key, habits, name=f"stage-{number}").run()
    network.enliven()
    write_digests(usable, folder / DIGESTS)
    save_weights(network, folder / WEIGHTS)
    return folder / WEIGHTS


def _batches(packed: RGB, batch: int, side: int, crop: float = 1.0) -> LabBatches:
    return LabBatches(packed, batch, torch.device("cpu"), crop=crop, side=side)


def _start(network: SmallNetwork, encoder: str) -> None:
    name = "tf_efficientnet_lite0"
    path = find_weights(name, encoder)
    if path is not None:
        load_weights(network.backbone.features, name, path)
    elif encoder != "none":
        advice = "or name a file with --encoder, or --encoder none"
        raise UserError(f"{name}: {IMAGENET[name].missing()}, {advice}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = training_parser(
        "huebench.methods.deep.huebench_small.train", _DESCRIPTION, epoch=EPOCH, batch=BATCH, threads=2
    )
    parser.add_argument("--stages", default=STAGES, help="SIDExEPOCHS,…: sides in pixels and epochs at each")
    parser.add_argument(
        "--encoder",
        default="auto",
        help="file with ImageNet weights of tf_efficientnet_lite0; auto: look for it; none: random weights",
    )

    def planned(photos: Sequence[str], folder: Path, **options: Any) -> Path:
        return train(photos, folder, plan=stages(options.pop("stages")), **options)

    return run_training(planned, parser.parse_args(arguments))


_DESCRIPTION = (
    "Train huebench-small on the training splits of datasets. It writes weights.safetensors and "
    "training_photos.npy, and resumes where it stopped if it is started again with the same options."
)

if __name__ == "__main__":
    sys.exit(main())
