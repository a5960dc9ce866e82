"""Models by the path that names them: an exported folder, its weights, or a network in a file."""

from __future__ import annotations

from pathlib import Path

from ... import UserError
from ...methods.from_file.model import FILE

EXTERNAL = (".onnx", ".pt", ".pt2", ".pth", ".torchscript")
"""Suffixes of the files that the method ``external`` runs."""

WEIGHTS = ".safetensors"
"""Suffix of the weights in an exported model."""


def model_spec(path: Path) -> str:
    """Return the method that ``--model`` names, as ``--methods`` takes it.

    Parameters
    ----------
    path
        The folder of an exported model, the weights in it, or a file that the method ``external`` runs.

    Raises
    ------
    UserError
        If there is no such file, it is none of these, or it holds weights without the model that they belong
        to.
    """
    if not path.exists():
        raise UserError(f"--model '{path}': no such file or folder")
    if path.is_file() and path.suffix.lower() == WEIGHTS:
        if not (path.parent / FILE).is_file():
            raise UserError(
                f"--model '{path}': weights alone do not say which network they are of: "
                "give a folder that bench export has written, or an ONNX or TorchScript file"
            )
        path = path.parent
    if path.is_file() and path.suffix.lower() not in EXTERNAL:
        raise UserError(
            f"--model '{path}': not a model, by its suffix; give a network as {', '.join(EXTERNAL)}, "
            f"or a folder that bench export has written, or its {WEIGHTS}"
        )
    quoted = str(path.absolute()).replace('"', '""')
    if path.is_file():
        return f'external[file="{quoted}"]'
    return f'model[folder="{quoted}"]'
