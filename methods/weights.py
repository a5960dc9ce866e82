"""ImageNet weights on this machine, by timm's names; looking for them needs neither torch nor timm."""

from __future__ import annotations

from pathlib import Path

from ..files import weights_on_disk

TORCHVISION_NAMES = {"mobilenetv2_100": "mobilenet_v2"}
"""torchvision's names of networks that timm calls something else."""


def local_weights(name: str, where: str) -> Path | None:
    """Find the ImageNet weights of a timm network on this machine; the Hugging Face cache is not searched.

    Parameters
    ----------
    name
        timm's name of the architecture, such as ``resnet34``.
    where
        A file, a folder, ``auto`` or ``none``, as for `weights_on_disk`.

    Returns
    -------
    pathlib.Path or None
        ``None`` if there are none.

    Raises
    ------
    UserError
        If ``where`` is a path without such weights, or ``HUEBENCH_WEIGHTS`` is not a folder.
    """
    published = TORCHVISION_NAMES.get(name, name)
    names = (f"{name}.safetensors", f"{name}.pth", f"{published}.pth", f"{published}-*.pth")
    return weights_on_disk(*names, where=where)
