"""Batches of lightness and chroma on the device, from packed photos."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from math import ceil, log

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.v2 import functional

from ... import UserError
from ...datasets.base import RGB
from ...datasets.color import conversion
from ...datasets.color.torch import rgb_to_lab
from .parallel import own_share, world_size

RESIDENT_SHARE = 0.5  #: The whole set moves to the GPU if it takes at most this share of the free memory


class LabBatches:
    """Lab batches of photos that are packed as uint8; the device converts and flips them.

    On a GPU the whole set is kept there as uint8 if it fits. Otherwise, and on the CPU, the next batch is
    read from the memory map while the current one is processed.

    If several processes train together, each gets its share of every batch, and of the photos in order.

    Parameters
    ----------
    packed
        uint8 (N, size, size, 3), memory-mapped or not.
    batch
        Photos per batch at most. Batches are as even as possible, so that none has only a single photo, from
        which batch normalisation could not learn.
    device
        Device of the batches.
    flip
        Whether a shuffled epoch mirrors each photo with probability ½.
    chosen
        Numbers of the photos that take part, ascending; ``None`` takes all.
    crop
        Smallest share of a photo's area in a random crop of it; 1 never crops. Crops have 3:4 to 4:3 of the
        photo's aspect ratio, as torchvision's `RandomResizedCrop`, and are resized with a triangle filter.
    side
        Side of the batches; ``None`` for that of the packed photos, which crops need to be larger.

    Raises
    ------
    UserError
        If a batch has fewer photos than there are processes.

    Attributes
    ----------
    photos, side
        Number of photos, and their side in pixels.
    batch
        Photos per batch at most.
    epoch
        Photos in a shuffled epoch.
    """

    def __init__(
        self,
        packed: RGB,
        batch: int,
        device: torch.device,
        *,
        flip: bool = True,
        chosen: NDArray[np.intp] | None = None,
        crop: float = 1.0,
        side: int | None = None,
    ) -> None:
        self._chosen = torch.arange(len(packed)) if chosen is None else torch.from_numpy(chosen)
        self.photos, self.side = len(self._chosen), side or int(packed.shape[1])
        self._crop = crop
        self.batch = min(batch, max(1, self.photos))
        self._packed = packed
        self._device = device
        self._flip = flip
        self.epoch = self._checked(self.photos)
        self._resident = self._to_device()
        self._chooser = self._device if self._resident is not None else torch.device("cpu")

    def shorter(self, epoch: int) -> LabBatches:
        """Return batches of the same photos, without a copy, whose shuffled epochs draw ``epoch`` at most.

        Raises `UserError` if a batch then has fewer photos than there are processes.
        """
        shorter = copy(self)
        shorter.epoch = self._checked(min(epoch, self.photos))
        return shorter

    def __len__(self) -> int:
        """Return the number of batches in a shuffled epoch."""
        return ceil(self.epoch / self.batch)

    def first(self, count: int) -> tuple[Tensor, Tensor]:
        """Return the first ``count`` photos as one batch, unflipped."""
        (rgb,) = self._read([self._chosen[:count].to(self._chooser)])
        return rgb_to_lab(self._resized(rgb))

    def in_order(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield every photo once, in order and unflipped, as (L* (N, 1, H, W), a*b* (N, 2, H, W))."""
        mine = own_share(self._chosen.to(self._chooser))
        if len(mine):
            for rgb in self._read(self._split(mine)):
                yield rgb_to_lab(self._resized(rgb))

    def shuffled(self, seed: int) -> Generator[tuple[Tensor, Tensor]]:
        """Yield an epoch's photos, each once; order, flips and crops depend on ``seed`` alone."""
        generator = torch.Generator().manual_seed(seed)
        order = self._chosen[torch.randperm(self.photos, generator=generator)[: self.epoch]]
        flips = torch.rand(self.epoch, generator=generator) < 0.5 * self._flip
        boxes = random_boxes(self.epoch, self._crop, generator)
        whole = order.to(self._chooser), flips.to(self._device)  # once an epoch: a GPU waits for a copy
        batches, mirrored, cut = (
            [own_share(part) for part in self._split(photos)] for photos in (*whole, boxes)
        )
        for rgb, flip, box in zip(self._read(batches), mirrored, cut, strict=True):
            photos = self._resized(rgb) if self._crop == 1 else self._cropped(rgb, box)
            yield rgb_to_lab(torch.where(flip[:, None, None, None], photos.flip(2), photos))

    def _resized(self, rgb: Tensor) -> Tensor:
        if rgb.shape[1] == self.side:
            return rgb
        resized: Tensor = functional.resize(rgb.movedim(-1, 1), [self.side, self.side])
        return resized.movedim(1, -1)

    def _cropped(self, rgb: Tensor, boxes: Tensor) -> Tensor:
        whole = rgb.shape[1]
        size = [self.side, self.side]
        crops = [
            functional.resized_crop(photo, *box, size)
            for photo, box in zip(rgb.movedim(-1, 1), (whole * boxes).round().int().tolist(), strict=True)
        ]
        return torch.stack(crops).movedim(1, -1)

    def _read(self, batches: Sequence[Tensor]) -> Iterator[Tensor]:
        if self._resident is not None:
            yield from (self._resident[chosen] for chosen in batches)
            return
        first, *rest = batches
        with ThreadPoolExecutor(max_workers=1) as reader:
            ahead = reader.submit(self._from_map, first)
            for part in rest:
                ready, ahead = ahead, reader.submit(self._from_map, part)
                yield ready.result()
            yield ahead.result()

    def _checked(self, epoch: int) -> int:
        if epoch and epoch // ceil(epoch / self.batch) < world_size():
            raise UserError(
                f"{epoch} photos in batches of {self.batch} are too few for {world_size()} devices: "
                "raise batch, or use fewer devices"
            )
        return epoch

    def _split(self, photos: Tensor) -> tuple[Tensor, ...]:
        return torch.tensor_split(photos, max(1, ceil(len(photos) / self.batch)))

    def _from_map(self, chosen: Tensor) -> Tensor:
        rgb = torch.from_numpy(self._packed[chosen.numpy()])
        if self._device.type == "cuda":
            return rgb.pin_memory().to(self._device, non_blocking=True)
        return rgb

    def _to_device(self) -> Tensor | None:
        if self._device.type != "cuda":
            return None
        free, _ = torch.cuda.mem_get_info(self._device)
        if self._packed.nbytes > RESIDENT_SHARE * free:
            return None
        return torch.from_numpy(np.array(self._packed)).to(self._device)


def colourful(packed: RGB) -> NDArray[np.intp]:
    """Return the numbers of the photos that are not near-grey at this side, ascending; see `near_grey`.

    Zhang, Isola and Efros (2016) leave grey photos out of training, because they teach a network to predict
    grey where nothing in the lightness calls for it.
    """
    kept = [i for i, photo in enumerate(packed) if not conversion.near_grey(conversion.rgb_to_lab(photo)[1])]
    return np.array(kept, np.intp)


def random_boxes(photos: int, crop: float, generator: torch.Generator) -> Tensor:
    """Draw boxes within photos: top, left, height, width, (photos, 4), as shares of the side.

    Area and aspect ratio are drawn as torchvision's `RandomResizedCrop` does; a side that would exceed the
    photo's is cut to it.
    """
    area, shape, top, left = torch.rand(4, photos, generator=generator)
    area = crop + (1 - crop) * area
    ratio = torch.exp((2 * shape - 1) * log(4 / 3))
    height, width = (area / ratio).sqrt().clamp(max=1), (area * ratio).sqrt().clamp(max=1)
    return torch.stack((top * (1 - height), left * (1 - width), height, width), dim=1)
