"""Fréchet Inception distance, by torchmetrics."""

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .registry import register_metric
from .weights import Weights, photo_tensor

INCEPTION = Weights(
    "weights-inception-2015-12-05-6726825d.pth",
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/",
)


def frechet_distance(features: npt.NDArray[np.float32]) -> float:
    """Return the Fréchet distance of predictions and truths, computed in float64.

    It takes the `inception_features` of N photos, float32 (N, 2, D); one photo, which has no covariance,
    gives NaN.
    """
    if len(features) < 2:
        return math.nan
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance

    class Kept(torch.nn.Module):
        """Replaces the network when the features are already known."""

        num_features = features.shape[-1]

        def forward(self, known: torch.Tensor) -> torch.Tensor:
            return known

    distance = FrechetInceptionDistance(Kept()).set_dtype(torch.float64)
    both = torch.from_numpy(features.astype(np.float64))
    distance.update(both[:, 0], real=False)
    distance.update(both[:, 1], real=True)
    return float(distance.compute())


@register_metric(
    name="fid",
    label="FID",
    direction="lower",
    range=(0, math.inf),
    source="Heusel et al. 2017, arXiv:1706.08500",
    description="Fréchet distance of the Inception-v3 features of all predictions and all truths; it "
    "falls with the number of photos, so compare equal numbers only.",
    takes=("truth", "predicted", "device"),
    combine=frechet_distance,
    requires={"torchmetrics": "perceptual", "torch_fidelity": "perceptual"},
    weights=INCEPTION,
    order=140,
)
def inception_features(
    truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8], device: str
) -> npt.NDArray[np.float32]:
    """Return Inception-v3's 2048 features of the prediction and of the truth, float32 (2, 2048)."""
    import torch

    both = torch.cat([photo_tensor(photo, device) for photo in (predicted, truth)]).to(torch.uint8)
    with torch.inference_mode():
        features: npt.NDArray[np.float32] = _network(device)(both).cpu().numpy()
    return features


@cache
def _network(device: str) -> Any:
    from torchmetrics.image.fid import NoTrainInceptionV3

    INCEPTION.load()  # checks the file
    # Without antialiasing, as in the TensorFlow network behind published figures.
    return NoTrainInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(INCEPTION.path()), antialias=False
    ).to(device)
