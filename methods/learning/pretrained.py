"""The choice of pretrained weights: parameters, files, and loading; torch is imported on loading only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ..base import Method
from ..pretrained.imagenet import IMAGENET

if TYPE_CHECKING:
    from .network import ColorNetwork

PerceptualNetwork = Literal["auto", "none", "vgg16_bn", "mobilenetv2_100"]
"""timm's name of the perceptual network; ``auto`` takes the first one whose weights are found."""

PERCEPTUAL_NETWORKS: tuple[PerceptualNetwork, ...] = ("vgg16_bn", "mobilenetv2_100")
"""The networks that ``auto`` tries, best first."""

DEFAULT_BACKBONE = "resnet34"

BACKBONES = (DEFAULT_BACKBONE, "mobilenetv2_100", "tf_efficientnet_lite0")
"""The encoders that `long` tries if none is chosen; it takes the first one whose weights are found."""


Finder = Callable[[str, str], Path | None]
"""Finds the weights of a timm network: `find_weights`, or a method's own that looks once for each.

The same one gives a method's files, which its key covers, and the file that is loaded.
"""


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
    where: str  #: Where to look for the weights, as for `find_weights`

    def load_into(self, network: ColorNetwork, find: Finder) -> Literal["imagenet", "none"]:
        """Load the weights into the part, or leave it as it is; return which, for the method's row."""
        from ..pretrained.timm_weights import load_weights  # imports torch and timm

        path = find(self.architecture, self.where)
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


def first_found(names: Sequence[str], where: str, find: Finder) -> str | None:
    """Return the first of some timm networks whose weights are found."""
    return next((name for name in names if find(name, where)), None)


def files_of(names: Sequence[str], where: str, find: Finder) -> tuple[Path, ...]:
    """Return the files of weights of some timm networks on this machine."""
    found = (find(name, where) for name in names)
    return tuple(path for path in found if path is not None)


def first_file(names: Sequence[str], where: str, find: Finder) -> tuple[Path, ...]:
    """Return the file of weights of the first of some timm networks whose weights are found, or nothing."""
    return files_of(names, where, find)[:1]


def lacking(names: Sequence[str], where: str, find: Finder) -> tuple[str, ...]:
    """Return the best of some timm networks if its weights are not found and can be fetched, or nothing."""
    best = tuple(names[:1])
    return best if best and best[0] in IMAGENET and where == "auto" and not find(best[0], where) else ()


def perceptual_candidates(chosen: PerceptualNetwork) -> tuple[PerceptualNetwork, ...]:
    """Return the networks that may serve as the perceptual loss, best first."""
    if chosen == "auto":
        return PERCEPTUAL_NETWORKS
    return () if chosen == "none" else (chosen,)
