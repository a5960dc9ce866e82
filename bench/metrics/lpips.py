"""Learned perceptual image patch similarity, by torchmetrics."""

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .registry import register_metric
from .weights import PYTORCH, Weights, photo_tensor

ALEXNET = Weights("alexnet-owt-7be5be79.pth", PYTORCH)


@register_metric(
    name="lpips",
    label="LPIPS",
    direction="lower",
    range=(0, math.inf),
    source="Zhang, Isola, Efros, Shechtman and Wang 2018, arXiv:1801.03924, v0.1, AlexNet",
    description="Distance of the two photos' AlexNet features, weighted as the paper learned.",
    takes=("truth", "predicted", "device"),
    least_side=31,  # AlexNet's second pooling needs it
    requires={"torchmetrics": "perceptual"},
    weights=ALEXNET,
    order=130,
)
def lpips(truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8], device: str) -> float:
    """Return the LPIPS distance of photos (H, W, 3), v0.1, AlexNet, computed on a device."""
    import torch

    photos = (photo_tensor(photo, device) / 255 for photo in (predicted, truth))
    with torch.inference_mode():
        return float(_network(device)(*photos, normalize=True))


@cache
def _network(device: str) -> Any:
    # torchmetrics's public class always downloads AlexNet. This one takes a backbone with random weights,
    # which are replaced by the file's; the paper's linear heads are part of torchmetrics.
    from torchmetrics.functional.image.lpips import _LPIPS
    from torchvision.models import alexnet

    backbone = alexnet(weights=None)
    backbone.load_state_dict(ALEXNET.load())
    network = _LPIPS(net="alex", pnet_rand=True)
    for part in network.net.children():
        for index, layer in part.named_children():
            layer.load_state_dict(backbone.features[int(index)].state_dict())
    return network.to(device)
