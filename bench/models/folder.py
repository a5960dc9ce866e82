"""The folder of an exported model."""

from __future__ import annotations

from pathlib import Path

from ... import UserError

EXTERNAL = (".onnx", ".pt", ".pt2", ".pth", ".torchscript")
"""Suffixes of the files that the method ``external`` runs."""


def model_spec(path: Path) -> str:
    """Return the method that ``--model`` names, as ``--methods`` takes it.

    Raises
    ------
    UserError
        If there is no such file.
    """
    if not path.exists():
        raise UserError(f"--model '{path}': no such file or folder")
    quoted = str(path.absolute()).replace('"', '""')
    if path.is_file() and path.suffix.lower() in EXTERNAL:
        return f'external[file="{quoted}"]'
    return f'model[folder="{quoted}"]'
