"""The choice of pretrained weights: parameters, files, and loading; torch is imported on loading only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ...files import weights_on_disk
from ..base import Context, Method

if TYPE_CHECKING:
    from .network import ColorNetwork

PerceptualNetwork = Literal["auto", "none", "vgg16_bn", "mobilenetv2_100"]
"""timm's name of the perceptual network; ``auto`` takes the first one whose weights are found."""

PERCEPTUAL_NETWORKS: tuple[PerceptualNetwork, ...] = ("vgg16_bn", "mobilenetv2_100")
"""The networks that ``auto`` tries, best first."""


PUBLISHED_NAMES = {"mobilenetv2_100": "mobilenet_v2", "tf_efficientnet_lite0": "efficientnet-lite0"}
"""Names under which others publish the weights of networks that timm calls something else."""

DEFAULT_BACKBONE = "resnet34"

BACKBONES = (DEFAULT_BACKBONE, "mobilenetv2_100", "tf_efficientnet_lite0")
"""The encoders that `long` tries if none is chosen; it takes the first one whose weights are found."""


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
    published = PUBLISHED_NAMES.get(name, name)
    names = (f"{name}.safetensors", f"{name}.pth", f"{published}.pth", f"{published}-*.pth")
    return weights_on_disk(*names, where=where)


class WeightsParameters(Method.Parameters):
    """Parameters of a method that starts from pretrained weights."""

    weights: str = Field("auto", description="pretrained weights: a file, a folder, auto or none")


class BackboneParameters(Method.Parameters):
    """Parameters of a method whose encoder can be chosen."""

    backbone: str | None = Field(
        None,
        description="timm's name of the encoder; None: resnet34, but under long the first of resnet34, "
        "mobilenetv2_100 and tf_efficientnet_lite0 whose weights are found",
    )


class PerceptualParameters(Method.Parameters):
    """Parameters of a method with a perceptual loss."""

    perceptual_network: PerceptualNetwork = Field(
        "auto", description="network of the perceptual loss; auto: the first one whose weights are found"
    )


@dataclass(frozen=True)
class PretrainedPart:
    """A part of a network that starts from the ImageNet weights of a timm model, if they are found."""

    module: str  #: Name of the part within the network, such as ``backbone.features``
    architecture: str  #: timm's name of the model
    where: str  #: Where to look for the weights, as for `local_weights`

    def load_into(self, network: ColorNetwork, context: Context) -> Literal["imagenet", "none"]:
        """Load the weights into the part, or leave it as it is; return which, for the method's row.

        Weights are looked for in the folder ``HUEBENCH_WEIGHTS``, in the cache of the Hugging Face hub and
        on the hub, which the ``smoke`` budget never asks.
        """
        from .weights import find_weights, load_weights  # imports torch and timm

        path = find_weights(self.architecture, self.where, download=context.budget != "smoke")
        if path is None:
            return "none"
        load_weights(network.get_submodule(self.module), self.architecture, path)
        return "imagenet"


def candidates(chosen: str | None, where: str, names: Sequence[str]) -> Sequence[str]:
    """Return the networks whose weights may be used, best first, given what was chosen and where to look.

    A file or folder of weights is for the chosen network, or for the first one.
    """
    if chosen is not None:
        return (chosen,)
    return names if where == "auto" else names[:1]


def first_found(names: Sequence[str], where: str, context: Context) -> str | None:
    """Return the first of some timm networks whose weights are found; see `find_weights`."""
    from .weights import find_weights  # imports torch and timm

    found = (name for name in names if find_weights(name, where, download=context.budget != "smoke"))
    return next(found, None)


def files_of(names: Sequence[str], where: str) -> tuple[Path, ...]:
    """Return the files of weights of some timm networks on this machine."""
    found = (local_weights(name, where) for name in names)
    return tuple(path for path in found if path is not None)


def perceptual_candidates(chosen: PerceptualNetwork) -> tuple[PerceptualNetwork, ...]:
    """Return the networks that may serve as the perceptual loss, best first."""
    if chosen == "auto":
        return PERCEPTUAL_NETWORKS
    return () if chosen == "none" else (chosen,)


def perceptual_files(chosen: PerceptualNetwork) -> tuple[Path, ...]:
    """Return the files of weights on this machine that the perceptual loss may be loaded from."""
    return files_of(perceptual_candidates(chosen), "auto")
