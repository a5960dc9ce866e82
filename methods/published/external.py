"""Any trained network, from an ONNX or TorchScript file with a declared contract."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ... import UserError
from ...files import file_digest
from ..base import Chroma, Context, Lightness, Method, MethodInfo, register

Arrays = NDArray[np.float32]

T = TypeVar("T")

Run = Callable[[Arrays], Arrays]
"""From one photo, float32 (1, C, size, size), to the network's answer."""

Scale = Literal["0..100", "0..1", "-1..1", "0..255"]

SCALES: dict[Scale, tuple[float, float]] = {
    "0..100": (0.0, 100.0),
    "0..1": (0.0, 1.0),
    "-1..1": (-1.0, 1.0),
    "0..255": (0.0, 255.0),
}
"""Black and white of a channel."""


@register
class External(Method):
    """A network that somebody else has trained: DDColor, DeOldify, ECCV16, SIGGRAPH17, or your own.

    The file is run photo by photo as its contract declares: the lightness, squashed to ``size``² as in our
    own networks, goes in as one channel of L* or as a neutral RGB photo of that lightness; a*b* or RGB comes
    out, as the file's only output or its first; the chroma is resized bilinearly to the photo and clipped to
    ±110. Nothing is trained.

    TorchScript files hold code and run it: give none that you do not trust.
    """

    info = MethodInfo(name="external", family="deep", source="the file that it is given", all_threads=True)

    class Parameters(Method.Parameters):
        """The file and its contract."""

        file: Path = Field(description="an .onnx file, or a TorchScript .pt")
        size: int = Field(256, ge=1, description="side of the squares that the network takes")
        takes: Literal["L", "RGB"] = Field("L", description="input: one channel of L*, or neutral RGB")
        scale: Scale = Field("0..100", description="range of the input from black to white")
        gives: Literal["ab", "RGB"] = Field("ab", description="output: two channels of a*b*, or sRGB")
        factor: float = Field(1.0, gt=0, description="what an ab output is multiplied by to be a*b*")
        range: Scale = Field("0..1", description="range of an RGB output")

    parameters: Parameters

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self._run: Run | None = None

    def missing(self) -> str:
        """Return why it cannot run here, or ``""``."""
        file = self.parameters.file
        if not file.is_file():
            return f"weights not found: '{file}' does not exist"
        if file.suffix == ".onnx" and find_spec("onnxruntime") is None:
            return "needs onnxruntime: pip install 'huebench[external]'"
        return ""

    @property
    def files(self) -> tuple[Path, ...]:
        """The file."""
        return (self.parameters.file,)

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Run the file on each photo.

        Raises
        ------
        UserError
            If the file is missing or cannot be read, or if it does not keep to its contract.
        OutOfMemoryError
            If memory runs out.
        """
        if self._run is None:
            self._run = self._open(context)
        if not len(lightness):
            return np.empty((*lightness.shape, 2), np.float32)
        return np.concatenate([self._colorize_one(plane, self._run) for plane in lightness])

    def save(self, folder: Path) -> None:
        """Write nothing: the file is the user's, and the parameters name it."""

    def load(self, folder: Path) -> None:
        """Read nothing; see `save`."""

    @property
    def notes(self) -> dict[str, str]:
        """The file's name and the beginning of its SHA-256, for the row."""
        file = self.parameters.file
        if not file.is_file():
            return {}
        return {"file": file.name, "sha256": file_digest(file)[:16]}

    def _colorize_one(self, plane: NDArray[np.float32], run: Run) -> Chroma:
        from ...datasets.color.conversion import lab_to_rgb, rgb_to_lab
        from ..resize import resize_chroma, resize_plane

        chosen = self.parameters
        small = resize_plane(plane, (chosen.size, chosen.size)).clip(0, 100)
        if chosen.takes == "RGB":
            neutral = lab_to_rgb(small, np.zeros((*small.shape, 2), np.float32))
            shares = np.moveaxis(neutral, -1, 0).astype(np.float32) / 255
        else:
            shares = small[None] / np.float32(100)
        black, white = SCALES[chosen.scale]
        answer = self._checked(run((black + (white - black) * shares[None]).astype(np.float32)))
        planes = np.moveaxis(answer[0], 0, -1)
        if chosen.gives == "RGB":
            black, white = SCALES[chosen.range]
            shares = ((planes - black) / (white - black)).clip(0, 1)
            _, ab = rgb_to_lab(np.rint(255 * shares).astype(np.uint8))
        else:
            ab = planes * np.float32(chosen.factor)
        height, width = plane.shape
        return resize_chroma(np.ascontiguousarray(ab), (height, width))[None].clip(-110, 110)

    def _checked(self, answer: Arrays) -> Arrays:
        channels = {"ab": 2, "RGB": 3}[self.parameters.gives]
        if answer.ndim != 4 or answer.shape[:2] != (1, channels):
            raise UserError(
                f"'{self.parameters.file}' answers with shape {answer.shape}; gives={self.parameters.gives} "
                f"promises (1, {channels}, H, W)"
            )
        return answer.astype(np.float32)

    def _open(self, context: Context) -> Run:
        if reason := self.missing():
            raise UserError(f"external: {reason}")
        file = self.parameters.file
        opened = _open_onnx if file.suffix == ".onnx" else _open_torchscript
        run = _explained(lambda: opened(file, context), file, "cannot be opened", context)

        def explained(photo: Arrays) -> Arrays:
            what = f"refuses an input of shape {photo.shape} (check size and takes)"
            return _explained(lambda: run(photo), file, what, context)

        return explained


def _explained(work: Callable[[], T], file: Path, what: str, context: Context) -> T:
    """Do something with a file, and say what went wrong with it, whatever its library raises."""
    try:
        return work()
    except UserError:
        raise
    except Exception as error:
        from ..learning.memory import OutOfMemoryError, ran_out

        if ran_out(error):
            raise OutOfMemoryError(
                f"external: the memory of the {context.device} is too small for '{file}': lower size where "
                "the file allows it, or use another device"
            ) from error
        first_line = str(error).strip().partition("\n")[0] or type(error).__name__
        raise UserError(f"external: '{file}' {what}: {first_line}") from error


def _open_onnx(file: Path, context: Context) -> Run:
    import onnxruntime  # type: ignore[import-untyped,import-not-found,unused-ignore]  # an extra

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = context.threads
    options.use_deterministic_compute = True
    providers = ["CUDAExecutionProvider"] if context.device == "cuda" else []
    session = onnxruntime.InferenceSession(file, options, providers=[*providers, "CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(photo: Arrays) -> Arrays:
        answer: Arrays = session.run(None, {name: photo})[0]
        return answer

    return run


def _open_torchscript(file: Path, context: Context) -> Run:
    import torch

    device = torch.device(context.device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # published files remain in the format
        network = torch.jit.load(str(file), map_location=device).eval()  # type: ignore[no-untyped-call]

    def run(photo: Arrays) -> Arrays:
        with torch.inference_mode():
            answer: object = network(torch.from_numpy(photo).to(device))
            first = answer[0] if isinstance(answer, tuple | list) and answer else answer
            if not isinstance(first, torch.Tensor):
                raise UserError(
                    f"external: '{file}' answers with a {type(answer).__name__}: its only output, or its "
                    "first, must be a tensor (1, C, H, W) of a*b* or RGB"
                )
            result: Arrays = first.float().cpu().numpy()
        return result

    return run
