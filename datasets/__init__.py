"""Datasets: photos with stated splits, decoded one at a time."""

from typing import Literal, get_args

Split = Literal["train", "validation", "test"]
"""The part of a dataset that a photo is in."""

SPLITS: tuple[Split, ...] = get_args(Split)
