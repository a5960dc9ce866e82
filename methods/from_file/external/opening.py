"""Opens a network's file: ONNX, TorchScript, or an exported program of torch."""

from __future__ import annotations

import mmap
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .... import UserError
from ...base import Context

if TYPE_CHECKING:
    import torch

Arrays = NDArray[np.float32]

ONNX_TYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(bool)": np.bool_,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}
"""Types of an ONNX network's inputs."""

NOT_A_NETWORK = (
    "cannot be opened: it is not a TorchScript file. If it holds weights (a state dict) or a pickled module, "
    "build the network in Python, load them, and export it with torch.jit.trace, torch.export or "
    "torch.onnx.export; the names of ONNX files end in .onnx, those of torch.export in .pt2"
)

_LOCATION = re.compile(rb"\n\x08location\x12([\x00-\x7f]|[\x80-\xff][\x01-\x7f])")
"""In ONNX's protocol buffers, the key of a file next to the graph and the length of its name."""


@dataclass(frozen=True)
class Network:
    """An opened network.

    Attributes
    ----------
    inputs
        Names of the inputs that must be given, in order, each with its shape; ``None`` for a side that may be
        anything, and for a shape that is not known.
    run
        Takes float32 arrays by name; returns the outputs, float32, by name, or by number
        where they have none.
    """

    inputs: dict[str, tuple[int | None, ...] | None]
    run: Callable[[Mapping[str, Arrays]], dict[str, Arrays]]


def is_onnx(file: Path) -> bool:
    """Return whether a file's name is that of an ONNX network."""
    return file.suffix.lower() == ".onnx"


def open_network(file: Path, context: Context) -> Network:
    """Open a network on the context's device; raises what the library raises."""
    if is_onnx(file):
        return _open_onnx(file, context)
    return _open_program(file, context) if file.suffix.lower() == ".pt2" else _open_torchscript(file, context)


def files_of_onnx(file: Path) -> list[Path]:
    """Return the files from which an ONNX graph loads weights."""
    if not file.stat().st_size:
        return []
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        names = set()
        for match in _LOCATION.finditer(content):
            low, high = match[1][0], match[1][-1] if len(match[1]) > 1 else 0
            names.add(content[match.end() : match.end() + (low & 0x7F | high << 7)].decode(errors="replace"))
    return [file.parent / name for name in sorted(names)]


def _open_onnx(file: Path, context: Context) -> Network:
    import onnxruntime  # type: ignore[import-untyped,import-not-found,unused-ignore]  # an extra

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = context.threads
    options.use_deterministic_compute = True
    providers = ["CUDAExecutionProvider"] if context.device == "cuda" else []
    session = onnxruntime.InferenceSession(file, options, providers=[*providers, "CPUExecutionProvider"])
    inputs = {each.name: each for each in session.get_inputs()}
    if odd := [each for each in inputs.values() if each.type not in ONNX_TYPES]:
        raise UserError(
            f"external: '{file}' takes a {odd[0].type}: export it for one of {', '.join(ONNX_TYPES)}"
        )
    outputs = [each.name for each in session.get_outputs()]

    def run(arrays: Mapping[str, Arrays]) -> dict[str, Arrays]:
        given = {name: array.astype(ONNX_TYPES[inputs[name].type]) for name, array in arrays.items()}
        answers = session.run(outputs, given)
        return {name: np.asarray(each, np.float32) for name, each in zip(outputs, answers, strict=True)}

    shapes = {
        name: tuple(s if isinstance(s, int) else None for s in each.shape) for name, each in inputs.items()
    }
    return Network(dict(shapes), run)


def _open_torchscript(file: Path, context: Context) -> Network:
    import torch  # slow, and needed for this format only

    if not _is_torchscript(file):
        raise UserError(f"external: '{file}' {NOT_A_NETWORK}")
    device = torch.device(context.device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # published files remain in the format
        network = torch.jit.load(str(file), map_location=device).eval()  # type: ignore[no-untyped-call]

    _, *arguments = network.forward.schema.arguments
    names = [each.name for each in arguments if not each.has_default_value()]
    weights = (weight for weight in (*network.parameters(), *network.buffers()) if weight.is_floating_point())
    dtype = next((weight.dtype for weight in weights), torch.float32)

    def run(arrays: Mapping[str, Arrays]) -> dict[str, Arrays]:
        tensors = [torch.from_numpy(arrays[name]).to(device, dtype) for name in names]
        with torch.inference_mode():
            return _by_name(network(*tensors), file)

    return Network(dict.fromkeys(names), run)


def _open_program(file: Path, context: Context) -> Network:
    import torch

    if not zipfile.is_zipfile(file):  # of which torch would print its own traceback
        raise UserError(f"external: '{file}' cannot be opened: it is damaged, or not by torch.export.save")
    device = torch.device(context.device)
    program: Any = torch.export.load(file)
    network = program.module().to(device)
    names = list(program.graph_signature.user_inputs)
    values = {node.name: node.meta["val"] for node in program.graph.nodes if node.name in names}

    def run(arrays: Mapping[str, Arrays]) -> dict[str, Arrays]:
        tensors = [torch.from_numpy(arrays[name]).to(device, values[name].dtype) for name in names]
        with torch.no_grad():
            return _by_name(network(*tensors), file)

    return Network({name: _fixed(values[name].shape) for name in names}, run)


def _fixed(shape: Iterable[object]) -> tuple[int | None, ...]:
    """Return a shape with ``None`` for sides that may be anything, which have names or symbols."""
    return tuple(side if type(side) is int else None for side in shape)


def _is_torchscript(file: Path) -> bool:
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(name.rpartition("/")[2] in ("constants.pkl", "model.json") for name in archive.namelist())


def _by_name(answer: object, file: Path) -> dict[str, Arrays]:
    """Return the tensors of an answer by their keys, or by their numbers."""
    import torch

    if isinstance(answer, dict):
        named = {str(name): value for name, value in answer.items()}
    else:
        several = answer if isinstance(answer, tuple | list) else (answer,)
        named = {str(i): value for i, value in enumerate(several)}
    tensors: dict[str, torch.Tensor] = {k: v for k, v in named.items() if isinstance(v, torch.Tensor)}
    if not tensors:
        raise UserError(
            f"external: '{file}' answers with a {type(answer).__name__}: an output must be a tensor, or a "
            "tuple, a list or a dictionary of tensors"
        )
    return {name: tensor.float().cpu().numpy() for name, tensor in tensors.items()}
