"""Any trained network, from an ONNX or TorchScript file with declared inputs and outputs."""

from __future__ import annotations

import mmap
import re
import warnings
import zipfile
from collections.abc import Callable, Sequence
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

ONNX_TYPES: dict[str, type[np.floating]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}
"""Types of an ONNX network's input."""

NOT_TORCHSCRIPT = (
    "cannot be opened: it is not a TorchScript file. If it holds weights (a state dict) or a pickled module, "
    "build the network in Python, load them, and export it with torch.jit.trace or torch.onnx.export; "
    "an ONNX file's name ends in .onnx"
)

_LOCATION = re.compile(rb"\n\x08location\x12([\x00-\x7f]|[\x80-\xff][\x01-\x7f])")
"""In ONNX's protocol buffers, the key of a file next to the graph and the length of its name."""

_RAISED = re.compile(r"^\w+(Error|Exception): ", re.MULTILINE)


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
        if _is_onnx(file) and find_spec("onnxruntime") is None:
            return "needs onnxruntime: pip install 'huebench[external]'"
        absent = [path for path in self.files if not path.is_file()]
        return f"weights not found: '{file}' needs '{absent[0]}', which does not exist" if absent else ""

    @property
    def files(self) -> tuple[Path, ...]:
        """The file, and the files of weights that an ONNX graph names."""
        file = self.parameters.file
        return (file, *(_named_in(file) if _is_onnx(file) and file.is_file() else ()))

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
        opened = _open_onnx if _is_onnx(file) else _open_torchscript
        chosen = self.parameters
        shape = (1, {"L": 1, "RGB": 3}[chosen.takes], chosen.size, chosen.size)
        run = _explained(lambda: opened(file, shape, context), file, "cannot be opened", context)

        def explained(photo: Arrays) -> Arrays:
            what = f"rejects an input of shape {photo.shape} (check size and takes)"
            return _explained(lambda: run(photo), file, what, context)

        return explained


def _explained(work: Callable[[], T], file: Path, what: str, context: Context) -> T:
    """Run ``work`` on a file; turn any exception of its library into an error about the file."""
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
        text = str(error).strip() or type(error).__name__
        # TorchScript's reason comes after two tracebacks; it may have several lines.
        starts = [match.start() for match in _RAISED.finditer(text)]
        reason = " ".join(text[starts[-1] if starts else 0 :].split())
        raise UserError(f"external: '{file}' {what}: {reason}") from error


def _is_onnx(file: Path) -> bool:
    return file.suffix.lower() == ".onnx"


def _named_in(file: Path) -> list[Path]:
    """Return the files from which an ONNX graph loads weights."""
    if not file.stat().st_size:
        return []
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        names = set()
        for match in _LOCATION.finditer(content):
            low, high = match[1][0], match[1][-1] if len(match[1]) > 1 else 0
            names.add(content[match.end() : match.end() + (low & 0x7F | high << 7)].decode(errors="replace"))
    return [file.parent / name for name in sorted(names)]


def _is_torchscript(file: Path) -> bool:
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(name.rpartition("/")[2] in ("constants.pkl", "model.json") for name in archive.namelist())


def _check_inputs(file: Path, names: Sequence[str]) -> None:
    if len(names) != 1:
        raise UserError(
            f"external: '{file}' takes {len(names)} inputs ({', '.join(names)}): "
            "export a network that takes the lightness or a neutral RGB photo and nothing else"
        )


def _check_shape(file: Path, expected: Sequence[object], given: tuple[int, int, int, int]) -> None:
    """Refuse an ONNX network whose fixed input shape differs from the parameters."""
    fixed = [side if isinstance(side, int) else None for side in expected]
    if len(fixed) != 4:
        raise UserError(f"external: '{file}' takes an input of shape {expected}; it must be (1, C, H, W)")
    batch, channels, height, width = fixed
    advice = ""
    if batch not in (None, 1):
        advice = "export it for one photo at a time"
    elif channels not in (None, given[1]):
        takes = {1: "L", 3: "RGB"}.get(channels)
        advice = f"write takes={takes}" if takes else "export it for one channel of L*, or for RGB"
    elif {height, width} - {None, given[2]}:
        side = height or width
        square = {height, width} <= {None, side}
        advice = f"write size={side}" if square else "export it for square photos"
    if advice:
        raise UserError(f"external: '{file}' takes an input of shape {expected}, not {given}: {advice}")


def _open_onnx(file: Path, shape: tuple[int, int, int, int], context: Context) -> Run:
    import onnxruntime  # type: ignore[import-untyped,import-not-found,unused-ignore]  # an extra

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = context.threads
    options.use_deterministic_compute = True
    providers = ["CUDAExecutionProvider"] if context.device == "cuda" else []
    session = onnxruntime.InferenceSession(file, options, providers=[*providers, "CPUExecutionProvider"])
    inputs = session.get_inputs()
    _check_inputs(file, [each.name for each in inputs])
    (only,) = inputs
    _check_shape(file, only.shape, shape)
    if only.type not in ONNX_TYPES:
        raise UserError(
            f"external: '{file}' takes a {only.type}: export it for one of {', '.join(ONNX_TYPES)}"
        )
    dtype = ONNX_TYPES[only.type]

    def run(photo: Arrays) -> Arrays:
        answer: Arrays = session.run(None, {only.name: photo.astype(dtype)})[0]
        return answer

    return run


def _open_torchscript(file: Path, _shape: tuple[int, int, int, int], context: Context) -> Run:
    import torch  # slow, and needed for this format only

    if not _is_torchscript(file):
        raise UserError(f"external: '{file}' {NOT_TORCHSCRIPT}")
    device = torch.device(context.device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # published files remain in the format
        network = torch.jit.load(str(file), map_location=device).eval()  # type: ignore[no-untyped-call]

    _, *inputs = network.forward.schema.arguments
    _check_inputs(file, [each.name for each in inputs if not each.has_default_value()])
    weights = (weight for weight in (*network.parameters(), *network.buffers()) if weight.is_floating_point())
    dtype = next((weight.dtype for weight in weights), torch.float32)

    def run(photo: Arrays) -> Arrays:
        with torch.inference_mode():
            answer: object = network(torch.from_numpy(photo).to(device, dtype))
            first = answer[0] if isinstance(answer, tuple | list) and answer else answer
            if not isinstance(first, torch.Tensor):
                raise UserError(
                    f"external: '{file}' answers with a {type(answer).__name__}: its only output, or its "
                    "first, must be a tensor (1, C, H, W) of a*b* or RGB"
                )
            result: Arrays = first.float().cpu().numpy()
        return result

    return run
