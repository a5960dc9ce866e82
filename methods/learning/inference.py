"""A trained network: colorizing at full resolution, saving and loading."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from ... import UserError
from ..base import Chroma, Context, Lightness
from ..memory import OutOfMemoryError, is_out_of_memory, largest_fitting
from ..threads import limit_threads
from .network import ColorNetwork, to_device, within_gamut

GPU_PHOTOS = 16  #: Photos per call on a GPU; on the CPU it is one

FILE = "network.safetensors"


@dataclass
class TrainedNetwork:
    """A network with all that is needed to use it."""

    network: ColorNetwork
    size: int  #: Side in pixels at which it colorizes
    notes: dict[str, str] = field(default_factory=dict)  #: Facts about its training

    def colorize(self, lightness: Lightness, context: Context, smaller: Mapping[int, str]) -> Chroma:
        """Colorize photos on the context's device; see `predict`."""
        to_device(self.network, torch.device(context.device))
        with limit_threads(context.threads):
            return predict(self.network, lightness, self.size, smaller)

    def save(self, folder: Path) -> None:
        """Write everything to ``folder/network.safetensors``."""
        state = {name: tensor.contiguous() for name, tensor in self.network.state_dict().items()}
        facts = {"size": self.size, "notes": self.notes}
        # `save_file` makes a file that only its owner can read.
        (folder / FILE).write_bytes(save(state, {"huebench": json.dumps(facts)}))

    @classmethod
    def load(cls, folder: Path, build: Callable[[int, dict[str, str]], ColorNetwork], name: str) -> Self:
        """Read back what `save` wrote, into a network that ``build`` makes for a size and the notes.

        Raises `UserError` if the weights do not fit the network of the method called ``name``.
        """
        path = folder / FILE
        with safe_open(path, "pt") as file:
            facts: dict[str, Any] = json.loads(file.metadata()["huebench"])
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # not a dict
        network = build(facts["size"], facts["notes"])
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            raise UserError(f"'{path}' does not fit {name}: {error}") from error
        return cls(network, facts["size"], facts["notes"])


class LightnessToChroma(nn.Module):
    """A network with its own decoding: a*b*, (N, 2, S, S), from L*, (N, 1, S, S)."""

    def __init__(self, network: ColorNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, lightness: Tensor) -> Tensor:
        """Return a*b*."""
        return self.network.chroma(self.network(lightness))


@torch.inference_mode()
def predict(
    network: ColorNetwork, lightness: Lightness, size: int, smaller: Mapping[int, str] | None = None
) -> Chroma:
    """Colorize photos of any size with a network that takes squares.

    L* is resized to ``size``², whatever the aspect ratio, with a triangle filter, as photos are for training
    (`PhotoSet.packed`, in RGB). The predicted chroma is resized bilinearly to the photo's own size and
    clipped to ±110.

    Kernels may round differently for another number of photos, so every call has the same number: one on
    the CPU, `GPU_PHOTOS` on a GPU, with the last call filled up with black. A photo's chroma therefore does
    not depend on the rest of its batch.

    Parameters
    ----------
    network
        The network, on its device.
    lightness
        float32 (N, H, W), 0…100.
    size
        Side at which the network works.
    smaller
        Sides below ``size``, ascending, at which the network works too, each with the parameter that sets
        it, such as ``{16: "size=16"}``; used for advice when memory runs out.

    Returns
    -------
    numpy.ndarray
        float32 (N, H, W, 2).

    Raises
    ------
    OutOfMemoryError
        If memory runs out; the message says which parameter would fit.
    """
    device = next(network.parameters()).device
    photos = GPU_PHOTOS if device.type == "cuda" else 1
    network.eval()
    ab = np.empty((*lightness.shape, 2), np.float32)
    for start in range(0, len(lightness), photos):
        part = lightness[start : start + photos]
        batch = torch.zeros(photos, 1, *lightness.shape[1:])
        batch[: len(part), 0] = torch.from_numpy(np.array(part, np.float32))
        answer = _colorize(network, batch, size)
        if answer is None:
            raise OutOfMemoryError(_advice(network, batch, size, smaller or {}))
        ab[start : start + photos] = answer[: len(part)].permute(0, 2, 3, 1).numpy()
    return ab


def _colorize(network: ColorNetwork, lightness: Tensor, size: int) -> Tensor | None:
    """Return a*b* at the photos' own size, or ``None`` if memory runs out.

    The exception ends here, because its traceback would keep the tensors that filled the memory.
    """
    try:
        small = _resize(lightness.to(next(network.parameters()).device), (size, size)).clamp(0, 100)
        ab = network.chroma(network(small).float())
        return within_gamut(_resize(ab, lightness.shape[2:])).cpu()
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            return None
        raise


def _resize(photos: Tensor, size: tuple[int, ...]) -> Tensor:
    if tuple(photos.shape[2:]) == tuple(size):
        return photos
    return functional.interpolate(photos, list(size), mode="bilinear", antialias=True)


def _advice(network: ColorNetwork, batch: Tensor, size: int, smaller: Mapping[int, str]) -> str:
    says = f"the memory of the {next(network.parameters()).device.type} is too small to colorize at {size}²"
    largest = largest_fitting(list(smaller), lambda side: _colorize(network, batch, side) is not None)
    if largest is None:
        return f"{says} and at every smaller side that this network takes: free memory, or use another device"
    return f"{says}: {smaller[largest]} would fit now"
