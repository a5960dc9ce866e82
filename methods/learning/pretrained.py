"""The choice of pretrained weights: parameters, files, and loading; torch is imported on loading only."""

from __future__ import annotations

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


class WeightsParameters(Method.Parameters):
    """Parameters of a method that starts from pretrained weights."""

    weights: str = Field("auto", description="pretrained weights: a file, a folder, auto or none")


class BackboneParameters(Method.Parameters):
    """Parameters of a method whose encoder can be chosen."""

    backbone: str = Field("resnet34", description="timm's name of the encoder")


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

    @property
    def files(self) -> tuple[Path, ...]:
        """The file of weights on this machine, if there is one.

        Weights from the hub are left out: they never change, and a plan must not need the internet.
        """
        found = local_weights(self.architecture, self.where)
        return () if found is None else (found,)

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


def perceptual_candidates(chosen: PerceptualNetwork) -> tuple[PerceptualNetwork, ...]:
    """Return the networks that may serve as the perceptual loss, best first."""
    if chosen == "auto":
        return PERCEPTUAL_NETWORKS
    return () if chosen == "none" else (chosen,)


def perceptual_files(chosen: PerceptualNetwork) -> tuple[Path, ...]:
    """Return the files of weights on this machine that the perceptual loss may be loaded from."""
    found = (local_weights(name, "auto") for name in perceptual_candidates(chosen))
    return tuple(path for path in found if path is not None)
