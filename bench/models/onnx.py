"""Exports a method's network as an ONNX file with its contract, and checks the file against torch."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import numpy as np

from ... import UserError
from ...extras import require
from ...methods.base import Context, Method
from ...methods.contract import FILE as CONTRACT
from ...methods.contract import PILLOW, Portable, write_contract
from ...methods.from_file.external import External

LARGEST: Final = 0.05
"""Largest difference in a*b* from torch; kernels of two libraries add in other orders."""

LARGEST_OF_LEVELS: Final = 2.0
"""The same where the network's photo is cut to 8 bits: a sum at the edge may fall to the next level."""

MEAN: Final = 0.01
"""Largest mean difference in a*b* from torch."""

SHAPES: Final = ((64, 64), (50, 83), (191, 130))
"""Heights and widths of the photos of the check."""


class Difference(NamedTuple):
    """How far a file's answers are from torch's, in a*b*."""

    mean: float
    largest: float
    allowed: float
    """The largest difference that is allowed."""


def export_onnx(method: Method, portable: Portable, file: Path) -> Difference:
    """Write a network and ``contract.toml`` beside it, for `external` and other programs.

    It takes one photo at the side at which the method colorizes. The method and the file are run on the same
    random photos, of several sizes; only a file that passes is kept.

    Parameters
    ----------
    method
        The method.
    portable
        Its network; see `Method.portable`.
    file
        A new file.

    Raises
    ------
    UserError
        If ``onnxruntime`` is missing, or if the file's answers differ from the method's by more than `MEAN`
        on average, or anywhere by more than `LARGEST` (`LARGEST_OF_LEVELS` where they come from 8 bits).
    """
    require("--format onnx", "external", "onnxruntime")
    file.parent.mkdir(parents=True, exist_ok=True)
    allowed = LARGEST_OF_LEVELS if portable.contract.output.resize in PILLOW else LARGEST
    with TemporaryDirectory(prefix=".export-", dir=file.parent) as folder:
        draft = Path(folder, "network.onnx")
        _write(portable, draft)
        write_contract(portable.contract, draft.with_name(CONTRACT))
        mean, largest = _difference(method, External(file=draft))
        if not (mean <= MEAN and largest <= allowed):
            raise UserError(
                f"{method.info.name} was not exported: in ONNX its a*b* differ from torch's by {mean:.2g} on "
                f"average and by {largest:.2g} at most, and {MEAN} and {allowed} are allowed"
            )
        draft.rename(file)
        draft.with_name(CONTRACT).rename(file.with_name(CONTRACT))
    return Difference(mean, largest, allowed)


def _write(portable: Portable, path: Path) -> None:
    import torch

    chosen = portable.contract.input
    side = chosen.size
    assert isinstance(side, int)  # noqa: S101  # as `Portable` promises
    with warnings.catch_warnings():
        # The exporter through torch.export needs onnxscript; that of TorchScript needs nothing more.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            portable.as_declared.cpu().eval(),
            (torch.full((1, chosen.count, side, side), 0.5),),
            str(path),
            input_names=[chosen.name],
            output_names=[portable.contract.output.name],
            opset_version=18,
            dynamo=False,
        )


def _difference(method: Method, external: External) -> tuple[float, float]:
    """Return the mean and the largest difference in a*b*."""
    rng = np.random.default_rng(0)
    context = Context()
    found = []
    for shape in SHAPES:
        photo = rng.uniform(0, 100, (1, *shape)).astype(np.float32)
        found.append(np.abs(method.colorize(photo, context) - external.colorize(photo, context)).ravel())
    every = np.concatenate(found)
    return float(every.mean()), float(every.max())
