"""ImageNet weights of timm's networks: where they live, and how they are found; no torch is imported.

A run fetches nothing: `find_weights` looks on this machine only, and ``bench weights get`` fetches.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ... import UserError
from ...files import weights_on_disk
from .checkpoint import Checkpoint, Source
from .hub import HUB

FILE = "model.safetensors"
"""Name of the file of weights in every repository of timm on the Hugging Face hub."""


@dataclass(frozen=True)
class ImageNetWeights(Checkpoint):
    """ImageNet weights of a timm network; its `name` and `method` are timm's name of the architecture.

    Attributes
    ----------
    published
        Name under which others publish weights of the same architecture.
    """

    published: str

    @property
    def tag(self) -> str:
        """Timm's full name, with the tag of the training: ``resnet34.a1_in1k``."""
        return self.page.rpartition("/")[2]

    def find(self, where: str = "auto") -> Path | None:
        """Find the file on this machine; see `find_weights`."""
        return find_weights(self.name, where)


def _card(name: str, tag: str, licence: str, published: str = "") -> ImageNetWeights:
    page = f"{HUB}timm/{name}.{tag}"
    return ImageNetWeights(
        name=name,
        file=f"{name}.safetensors",
        method=name,
        # The hub itself states the file's SHA-256 and size; `bench weights get` compares them.
        sources=(Source(f"{page}/resolve/main/{FILE}"),),
        licence=f"{licence}, as timm states",
        page=page,
        published=published or name,
    )


IMAGENET = {
    card.name: card
    for card in (
        _card("inception_resnet_v2", "tf_in1k", "Apache-2.0"),
        _card("mobilenetv2_100", "ra_in1k", "Apache-2.0", "mobilenet_v2"),
        _card("resnet34", "a1_in1k", "Apache-2.0"),
        _card("tf_efficientnet_lite0", "in1k", "Apache-2.0", "efficientnet-lite0"),
        _card("vgg16_bn", "tv_in1k", "BSD-3-Clause"),
    )
}
"""The networks that methods use by default, with the weights that timm 1.0 takes by default."""


def find_weights(name: str, where: str) -> Path | None:
    """Find the ImageNet weights of a timm network on this machine.

    Parameters
    ----------
    name
        timm's name of the architecture, such as ``resnet50``, or with the tag of its weights,
        ``resnet50.a1_in1k``.
    where
        A file with any name; a folder; ``auto`` for `huebench.files.weights_folders` and then the cache of
        the Hugging Face hub; or ``none``. A folder holds ``NAME.safetensors``, ``NAME.pth`` or
        ``NAME-DIGEST.pth``.

    Returns
    -------
    pathlib.Path or None
        ``None`` if there are none.

    Raises
    ------
    UserError
        If ``where`` is a path without such weights, if ``HUEBENCH_WEIGHTS`` is not a folder, or if the hub's
        cache holds several weights of an architecture that is not in `IMAGENET`.
    """
    published = IMAGENET[name].published if name in IMAGENET else name
    names = (f"{name}.safetensors", f"{name}.pth", f"{published}.pth", f"{published}-*.pth")
    found = weights_on_disk(*names, where=where)
    return found if found or where != "auto" else _in_cache_of_hub(name)


def _in_cache_of_hub(name: str) -> Path | None:
    """Return the file of the weights that timm takes by default; of other networks, the only ones cached."""
    from huggingface_hub import constants

    cached = Path(constants.HF_HUB_CACHE)
    prefix = "models--timm--"
    if name in IMAGENET:
        tags = [IMAGENET[name].tag]
    elif "." in name:
        tags = [name]
    else:
        tags = sorted(path.name.removeprefix(prefix) for path in cached.glob(f"{prefix}{name}.*"))
    tags = [tag for tag in tags if (cached / f"{prefix}{tag}").is_dir()]
    if not tags:
        return None
    from huggingface_hub import try_to_load_from_cache  # takes 0.3 s

    files = {tag: try_to_load_from_cache(f"timm/{tag}", FILE) for tag in tags}
    found = {tag: Path(file) for tag, file in files.items() if isinstance(file, str)}
    if len(found) > 1:
        raise UserError(
            f"the cache of the Hugging Face hub holds several weights of {name}: "
            f"choose backbone={' or backbone='.join(found)}"
        )
    return next(iter(found.values()), None)
