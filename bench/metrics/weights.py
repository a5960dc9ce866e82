"""Published weights of the networks behind some metrics.

Nothing is downloaded. Users put the files into the folder named by ``HUEBENCH_WEIGHTS``, or have them in
torch hub's cache; without its file a metric is *unavailable*, with the reason. torch is imported when the
first photo is scored.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ... import UserError
from ...files import file_digest, weights_on_disk

if TYPE_CHECKING:
    import torch

PYTORCH = "https://download.pytorch.org/models/"


@dataclass(frozen=True)
class Weights:
    """A published weights file."""

    file: str  #: The published name; it ends in the start of the file's SHA-256, before the suffix
    folder_url: str  #: The URL of the publisher's folder

    def path(self) -> Path | None:
        """Return the file's path, or ``None``."""
        return weights_on_disk(self.file)

    def missing(self) -> str:
        """Return which file to put where, or ``""`` if it is found."""
        if self.path() is not None:
            return ""
        # No path of this machine: the text appears in reports.
        return (
            f"weights not found: put {self.file} ({self.folder_url}{self.file}) into the folder that "
            "--weights-dir or HUEBENCH_WEIGHTS names, or into torch's cache of checkpoints"
        )

    def load(self) -> dict[str, torch.Tensor]:
        """Read the file.

        Raises `UserError` if it is missing, or differs from the published one.
        """
        import torch

        path = self.path()
        if path is None:
            raise UserError(self.missing())
        digest, expected = file_digest(path), path.stem.rpartition("-")[2]
        if not digest.startswith(expected):
            raise UserError(
                f"'{path}' differs from the published file: its SHA-256 starts {digest[:8]}, not {expected}; "
                f"fetch it again from {self.folder_url}{self.file}"
            )
        state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        return state


def photo_tensor(photo: npt.NDArray[np.uint8], device: str) -> torch.Tensor:
    """Return a photo (H, W, 3) as float32 (1, 3, H, W), 0…255, on a device."""
    import torch

    pixels = torch.tensor(np.ascontiguousarray(photo), dtype=torch.float32, device=device)
    return pixels.permute(2, 0, 1)[None]
