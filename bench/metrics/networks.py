"""The metrics that look through a pretrained network, by torchmetrics and torchvision.

Nothing is downloaded. The weights are files that the user puts into the folder that ``HUEBENCH_WEIGHTS``
names, or has in torch hub's cache; without them the metric is *unavailable*, with the reason. torch and the
libraries are imported when the first photo is scored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ... import UserError
from ...files import file_digest, weights_on_disk
from .pair import Pair

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Weights:
    """A network's published weights.

    Attributes
    ----------
    file
        The published name, whose last part before the suffix is the start of the file's SHA-256.
    url
        Where its publisher keeps it.
    libraries
        What must be installed to use it.
    """

    file: str
    url: str
    libraries: tuple[str, ...]

    def path(self) -> Path | None:
        """Return where the file lies, or None."""
        return weights_on_disk(self.file)

    def missing(self) -> str:
        """Say what to install or where to put which file; ``""`` if nothing is missing."""
        absent = [library for library in self.libraries if find_spec(library) is None]
        if absent:
            return f"{', '.join(absent)} not installed: pip install 'huebench[perceptual]'"
        if self.path() is None:
            # No path of this machine: the text stands in reports.
            return (
                f"weights not found: put {self.file} ({self.url}) into the folder that --weights-dir or "
                "HUEBENCH_WEIGHTS names, or into torch's cache of checkpoints"
            )
        return ""

    def load(self) -> dict[str, torch.Tensor]:
        """Read the file.

        Raises
        ------
        UserError
            If it is missing, or is not the published one.
        """
        import torch

        path = self.path()
        if path is None:
            raise UserError(self.missing())
        digest = file_digest(path)
        expected = path.stem.rpartition("-")[2]
        if not digest.startswith(expected):
            raise UserError(
                f"'{path}' is not what was published: its SHA-256 starts {digest[:8]}, not {expected}; "
                f"fetch it again from {self.url}"
            )
        state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        return state


PYTORCH = "https://download.pytorch.org/models/"
ALEXNET = Weights(
    "alexnet-owt-7be5be79.pth", f"{PYTORCH}alexnet-owt-7be5be79.pth", ("torch", "torchmetrics", "torchvision")
)
VGG16 = Weights("vgg16-397923af.pth", f"{PYTORCH}vgg16-397923af.pth", ("torch", "torchvision"))
INCEPTION = Weights(
    "weights-inception-2015-12-05-6726825d.pth",
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    ("torch", "torchmetrics", "torch_fidelity"),
)

LPIPS_LEAST_SIDE = 31
"""Of a smaller photo, AlexNet's second pooling would leave nothing."""


def lpips(pair: Pair) -> float:
    """Learned perceptual image patch similarity, v0.1, AlexNet.

    Raises
    ------
    ValueError
        If a side is shorter than `LPIPS_LEAST_SIDE`.
    """
    import torch

    pair.check_side(LPIPS_LEAST_SIDE, "lpips")
    network = _lpips_network(pair.device)
    with torch.inference_mode():
        distance = network(*(_tensor(photo, pair.device) / 255 for photo in _photos(pair)), normalize=True)
    return float(distance)


def vgg_agreement(pair: Pair) -> float:
    """1 if VGG-16 sees the same ImageNet class in both photos, else 0."""
    import torch

    network, transform = _vgg_network(pair.device)
    both = torch.cat([_tensor(photo, pair.device) for photo in _photos(pair)])
    with torch.inference_mode():
        prediction, truth = network(transform(both.to(torch.uint8))).argmax(dim=1).tolist()
    return float(prediction == truth)


def inception_features(pair: Pair) -> npt.NDArray[np.float32]:
    """Inception-v3's 2048 features of the prediction and of the truth, float32 (2, 2048)."""
    import torch

    network = _inception_network(pair.device)
    both = torch.cat([_tensor(photo, pair.device) for photo in _photos(pair)]).to(torch.uint8)
    with torch.inference_mode():
        features: npt.NDArray[np.float32] = network(both).cpu().numpy()
    return features


def frechet_distance(features: npt.NDArray[np.float32]) -> float:
    """Fréchet distance of predictions and truths, in float64; NaN for one photo, which has no covariance.

    Parameters
    ----------
    features : ndarray of float32, shape (N, 2, D)
        What `inception_features` returned for each photo.

    Returns
    -------
    float
    """
    if len(features) < 2:
        return math.nan
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance

    class Kept(torch.nn.Module):
        """Stands for the network where its features are already known."""

        num_features = features.shape[-1]

        def forward(self, known: torch.Tensor) -> torch.Tensor:
            return known

    distance = FrechetInceptionDistance(Kept()).set_dtype(torch.float64)
    both = torch.from_numpy(features.astype(np.float64))
    distance.update(both[:, 0], real=False)
    distance.update(both[:, 1], real=True)
    return float(distance.compute())


def _photos(pair: Pair) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    return pair.prediction, pair.truth


def _tensor(photo: npt.NDArray[np.uint8], device: str) -> torch.Tensor:
    """Return a photo as float32 (1, 3, H, W), 0…255."""
    import torch

    pixels = torch.tensor(np.ascontiguousarray(photo), dtype=torch.float32, device=device)
    return pixels.permute(2, 0, 1)[None]


@cache
def _lpips_network(device: str) -> Any:
    # The public class of torchmetrics insists on downloading AlexNet. This one takes a backbone of random
    # weights, into which the file's go; the paper's linear heads are part of torchmetrics.
    from torchmetrics.functional.image.lpips import _LPIPS
    from torchvision.models import alexnet

    backbone = alexnet(weights=None)
    backbone.load_state_dict(ALEXNET.load())
    network = _LPIPS(net="alex", pnet_rand=True)
    for part in network.net.children():
        for index, layer in part.named_children():
            layer.load_state_dict(backbone.features[int(index)].state_dict())
    return network.to(device)


@cache
def _vgg_network(device: str) -> tuple[Any, Any]:
    from torchvision.models import VGG16_Weights, vgg16

    network = vgg16(weights=None)
    network.load_state_dict(VGG16.load())
    return network.eval().to(device), VGG16_Weights.IMAGENET1K_V1.transforms()


@cache
def _inception_network(device: str) -> Any:
    from torchmetrics.image.fid import NoTrainInceptionV3

    INCEPTION.load()  # checks the file
    # Without antialiasing the photo is resized as in the TensorFlow network that published figures come from.
    return NoTrainInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(INCEPTION.path()), antialias=False
    ).to(device)
