"""Any trained network, from an ONNX or TorchScript file with declared inputs and outputs."""

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
from ...datasets.color.conversion import lab_to_rgb, rgb_to_lab
from ...files import file_digest
from ..base import Chroma, Context, Lightness, Method, MethodInfo, register
from ..learning.memory import OutOfMemoryError, is_out_of_memory
from ..resize import resize_chroma, resize_plane

Arrays = NDArray[np.float32]

T = TypeVar("T")

Run = Callable[[Arrays], Arrays]
"""Runs the network on one photo, float32 (1, C, size, size)."""

Scale = Literal["0..100", "0..1", "-1..1", "0..255"]

SCALES: dict[Scale, tuple[float, float]] = {
    "0..100": (0.0, 100.0),
    "0..1": (0.0, 1.0),
    "-1..1": (-1.0, 1.0),
    "0..255": (0.0, 255.0),
}
"""Values of black and white in a channel."""


@register
class External(Method):
    """A network trained elsewhere: DDColor, DeOldify, ECCV16, SIGGRAPH17, or your own.

    The file is run photo by photo, as the parameters declare. Its input is the lightness, resized to
    ``size``² as for our own networks: one channel of L*, or a neutral RGB photo of that lightness. Its only
    or first output is a*b* or RGB. The chroma is resized bilinearly to the photo and clipped to ±110. Nothing
    is trained.

    TorchScript files contain code that is run: use only files that you trust.
    """

    info = MethodInfo(name="external", family="deep", source="the given file", seeded=False, all_threads=True)

    class Parameters(Method.Parameters):
        """The file, its input and its output."""

        file: Path = Field(description="an .onnx file, or a TorchScript .pt")
        size: int = Field(256, ge=1, description="side in pixels of the network's input")
        takes: Literal["L", "RGB"] = Field("L", description="input: one channel of L*, or neutral RGB")
        scale: Scale = Field("0..100", description="range of the input from black to white")
        gives: Literal["ab", "RGB"] = Field("ab", description="output: two channels of a*b*, or sRGB")
        factor: float = Field(1.0, gt=0, description="factor that turns an ab output into a*b*")
        range: Scale = Field("0..1", description="range of an RGB output")

    parameters: Parameters

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self._run: Run | None = None

    def missing(self) -> str:
        """Return why the file cannot be run here, or ``""`` if it can."""
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
            If the file is missing or cannot be read, or if its output is not as declared.
        OutOfMemoryError
            If memory runs out.
        """
        if self._run is None:
            self._run = self._open(context)
        if not len(lightness):
            return np.empty((*lightness.shape, 2), np.float32)
        return np.concatenate([self._colorize_one(plane, self._run) for plane in lightness])

    def save(self, folder: Path) -> None:
        """Write nothing: the parameters name the file."""

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
                f"the output of '{self.parameters.file}' has shape {answer.shape}; "
                f"for gives={self.parameters.gives} it must be (1, {channels}, H, W)"
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
    """Do the work with a file; turn any exception of its library into an error about the file."""
    try:
        return work()
    except UserError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
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
    import torch  # slow, and needed for this format only

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
