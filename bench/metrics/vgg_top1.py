"""Agreement of VGG-16's classification, by torchvision."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .registry import register_metric
from .weights import PYTORCH, Weights, photo_tensor

VGG16 = Weights("vgg16-397923af.pth", PYTORCH)


@register_metric(
    name="vgg_top1",
    label="VGG top-1",
    direction="higher",
    range=(0, 1),
    source="Zhang, Isola and Efros 2016, arXiv:1603.08511, but against VGG's answer on the truth where it "
    "has ImageNet's labels",
    description="Share of photos to which VGG-16 gives one ImageNet class, prediction and truth alike.",
    takes=("truth", "predicted", "device"),
    weights=VGG16,
    order=150,
)
def vgg_top1(truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8], device: str) -> float:
    """Return 1 if VGG-16 sees the same ImageNet class in both photos, else 0."""
    import torch

    network, transform = _network(device)
    both = torch.cat([photo_tensor(photo, device) for photo in (predicted, truth)])
    with torch.inference_mode():
        predicted_class, true_class = network(transform(both.to(torch.uint8))).argmax(dim=1).tolist()
    return float(predicted_class == true_class)


@cache
def _network(device: str) -> tuple[Any, Any]:
    from torchvision.models import VGG16_Weights, vgg16

    network = vgg16(weights=None)
    network.load_state_dict(VGG16.load())
    return network.eval().to(device), VGG16_Weights.IMAGENET1K_V1.transforms()
