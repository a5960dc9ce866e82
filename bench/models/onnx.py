"""Exports a network of ours as an ONNX file with its contract, and checks the file against torch."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

import numpy as np

from ... import UserError
from ...extras import require
from ...files import write_text
from ...methods.base import Context, Method
from ...methods.from_file.external import External
from ...methods.from_file.external.contract import FILE as CONTRACT
from ...methods.learning.method import DeepMethod

FILE: Final = "network.onnx"

TOLERANCE: Final = 0.05
"""Largest difference in a*b* from torch; kernels of two libraries add in other orders."""


def export_onnx(method: Method, out: Path) -> float:
    """Write a trained network to ``network.onnx`` and ``contract.toml``, for `external` and other programs.

    It takes L*, float32 (1, 1, S, S), 0…100, where S is the side at which the method colorizes, and gives
    a*b*, float32 (1, 2, S, S). Both ways are then run on the same random photos, of several sizes.

    Parameters
    ----------
    method
        A trained method with a network.
    out
        A new or empty folder.

    Returns
    -------
    float
        The largest difference in a*b* from what the method itself predicts.

    Raises
    ------
    UserError
        If the method has no network to export, if ``onnxruntime`` is missing, if the folder is not empty, or
        if the file's answers differ from the method's by more than `TOLERANCE`.
    """
    if not isinstance(method, DeepMethod):
        raise UserError(
            f"{method.info.name} cannot be exported to ONNX: it is not a network that a run trains"
        )
    require("--format onnx", "external", "onnxruntime")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out '{out}' is not empty: models are never overwritten; choose a new folder")
    external = External(file=out / FILE)
    out.mkdir(parents=True, exist_ok=True)
    side = _write(method, out / FILE)
    write_text(out / CONTRACT, f'[input]\nname = "lightness"\nsize = {side}\n\n[output]\nname = "ab"\n')
    difference = _difference(method, external)
    if not difference <= TOLERANCE:
        raise UserError(f"'{out / FILE}' differs from torch by {difference:.3g} in a*b*: do not use it")
    return difference


def _write(method: DeepMethod, path: Path) -> int:
    """Write the network with its way from L* to a*b*, and return its side."""
    import torch
    from torch import Tensor, nn

    from ...methods.learning.network import within_gamut

    trained = method._trained_network()  # noqa: SLF001  # there is no other use of the bare network

    class FromLightness(nn.Module):
        """L* to a*b*."""

        def __init__(self) -> None:
            super().__init__()
            self.network = trained.network

        def forward(self, lightness: Tensor) -> Tensor:
            return within_gamut(self.network.chroma(self.network(lightness)))

    side = trained.size
    with warnings.catch_warnings():
        # The exporter through torch.export needs onnxscript; that of TorchScript needs nothing more.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            FromLightness().eval().cpu(),
            (torch.full((1, 1, side, side), 50.0),),
            str(path),
            input_names=["lightness"],
            output_names=["ab"],
            opset_version=18,
            dynamo=False,
        )
    return side


def _difference(method: Method, external: External) -> float:
    rng = np.random.default_rng(0)
    context = Context()
    worst = 0.0
    for shape in ((64, 64), (50, 83), (191, 130)):
        photo = rng.uniform(0, 100, (1, *shape)).astype(np.float32)
        ours, theirs = method.colorize(photo, context), external.colorize(photo, context)
        worst = max(worst, float(np.abs(ours - theirs).max()))
    return worst
