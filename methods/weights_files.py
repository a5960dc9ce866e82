"""Files of pretrained weights on disk; looking for them needs neither torch nor timm."""

from __future__ import annotations

import os
from pathlib import Path

from .. import UserError

FOLDER_VARIABLE = "HUEBENCH_WEIGHTS"
"""The environment variable that names a folder of weights."""

TORCHVISION_NAMES = {"mobilenetv2_100": "mobilenet_v2"}
"""timm's names whose torchvision files are called otherwise."""


def local_weights(name: str, where: str) -> Path | None:
    """Find the ImageNet weights of a timm model on this machine, the cache of the hub left aside.

    Parameters
    ----------
    name
        timm's name of the architecture, such as ``resnet34``.
    where
        A file; a folder; ``auto``, which looks into the folder that ``HUEBENCH_WEIGHTS`` names; or ``none``.

    Returns
    -------
    pathlib.Path or None
        ``None`` where there are none.

    Raises
    ------
    UserError
        If ``where`` is a path that holds no such weights, or ``HUEBENCH_WEIGHTS`` names no folder.
    """
    if where == "none":
        return None
    if where != "auto":
        return _under(Path(where), name)
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder and not Path(folder).is_dir():
        raise UserError(f"{FOLDER_VARIABLE}: '{folder}' is no folder; name one, or unset it")
    return _in_folder(Path(folder), name) if folder else None


def _under(path: Path, name: str) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise UserError(f"weights '{path}' do not exist: name a file, a folder, auto or none")
    found = _in_folder(path, name)
    if found is None:
        raise UserError(f"folder '{path}' holds no weights of {name}: put {name}.safetensors there")
    return found


def _in_folder(folder: Path, name: str) -> Path | None:
    published = TORCHVISION_NAMES.get(name, name)
    patterns = (f"{name}.safetensors", f"{name}.pth", f"{published}.pth", f"{published}-*.pth")
    return next((path for pattern in patterns for path in sorted(folder.glob(pattern))), None)
