"""Checkpoints: written atomically, tensors and numbers only, tied to one training."""

import pickle
from pathlib import Path
from typing import Any

import torch

from ... import UserError
from ...files import atomic


def save_checkpoint(path: Path, key: str, state: dict[str, Any]) -> None:
    """Write a state atomically: a reader sees the old checkpoint or the new one, never half of one.

    Parameters
    ----------
    path
        The file; its folder is created if it is missing.
    key
        Text that identifies the training: method, parameters, seed and data.
    state
        Nested dictionaries and lists of tensors, numbers and text.

    Raises
    ------
    OSError
        If the disk is full or cannot be written.
    """
    with atomic(path) as partial, partial.open("wb") as file:
        try:
            torch.save({"key": key, "state": state}, file)
        except RuntimeError as error:
            # The archive's end is written even after a failed write, and its own complaint hides the disk's.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def load_checkpoint(path: Path, key: str) -> dict[str, Any] | None:
    """Read a state back onto the CPU, or return ``None`` if there is no checkpoint yet.

    Networks and optimizers move what they load to their own device. Adam's step counts are an exception:
    torch leaves them where they are, and on a GPU every later step would wait for them.

    Raises `UserError` if the file cannot be read, or belongs to another training.
    """
    if not path.exists():
        return None
    try:
        payload = torch.load(path, map_location="cpu", weights_only=True)
        found, state = payload["key"], payload["state"]
    except (RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError) as error:
        raise UserError(
            f"checkpoint '{path}' cannot be read ({error}); delete it to train from scratch"
        ) from error
    if found != key:
        raise UserError(
            f"checkpoint '{path}' belongs to another training:\n  found  {found}\n  wanted {key}\n"
            "delete it to train from scratch, or use another folder"
        )
    whole: dict[str, Any] = state
    return whole
