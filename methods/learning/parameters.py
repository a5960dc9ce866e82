"""Groups of parameters that trained methods share; ``None`` takes the budget's value."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..base import Method


class DecayParameters(Method.Parameters):
    """Parameters of learning rates that fall in steps."""

    decay_epochs: int | None = Field(
        None, ge=1, description="epochs between decays of the learning rate; None: a third of all epochs"
    )
    decay: float | None = Field(None, gt=0, le=1, description="factor of each decay of the learning rate")


class OptimizerParameters(DecayParameters):
    """Parameters of training by one optimizer; see `Training.supervised`."""

    optimizer: Literal["adam", "adamw"] | None = Field(None, description="optimizer of the training")
    weight_decay: float | None = Field(None, ge=0, description="decay of the weights under adamw")
    rates: Literal["steps", "one-cycle"] | None = Field(
        None, description="learning rates: falling in steps, or warm-up and cosine"
    )
    warm_up: float | None = Field(
        None, gt=0, lt=1, description="share of the steps in which a one-cycle rate rises"
    )
    compiled: bool | None = Field(None, description="train through torch.compile")


class CropParameters(Method.Parameters):
    """The parameter of training on crops of photos; see `Training.batches`."""

    crop: float | None = Field(
        None, gt=0, le=1, description="smallest share of a photo's area in random crops; 1: no crops"
    )


class SupervisedParameters(OptimizerParameters, CropParameters):
    """Parameters of plain supervised training in one stage; see `Training.run`."""

    start_size: int | None = Field(
        None, ge=16, multiple_of=16, description="side in pixels in the first half of the epochs, below size"
    )
