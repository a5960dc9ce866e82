"""Any trained network, from an ONNX, TorchScript or torch.export file with a contract."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import Field

from .... import UserError
from ....files import file_digest
from ....wording import counted
from ...base import Chroma, Context, Lightness, Method, MethodInfo, register
from ...contract import FILE, Contract, Input, read_bins, read_contract
from ...memory import OutOfMemoryError, is_out_of_memory
from .arrays import Arrays, Box, box_of, chroma_of, extra_arrays, photo_array
from .opening import Network, files_of_onnx, is_onnx, open_network

T = TypeVar("T")

_RAISED = re.compile(r"^\w+(Error|Exception): ", re.MULTILINE)


@register
class External(Method):
    """A network trained elsewhere: an ONNX, TorchScript or torch.export file.

    Its input and output are as a contract declares them: the file ``contract.toml`` beside the network's, or
    the one that the parameter ``contract`` names. Without a contract the input is L*, 0…100, at 256², and the
    first output is a*b*. Photos are run one at a time. The chroma is resized to the photo and clipped to
    ±110. Nothing is trained.

    TorchScript and torch.export files contain code that is run: use only files that you trust.
    """

    info = MethodInfo(name="external", family="deep", source="the given file", all_threads=True)

    class Parameters(Method.Parameters):
        """The file, its contract, and another size."""

        file: Path = Field(description="an .onnx file, a TorchScript .pt, or a .pt2 of torch.export")
        contract: Path | None = Field(None, description=f"the contract; None: {FILE} beside the file, if any")
        size: int | None = Field(None, ge=1, description="side of a square input; None: as in the contract")

    parameters: Parameters

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self._network: Network | None = None

    @cached_property
    def contract(self) -> Contract:
        """What the network takes and gives; raises `UserError` if the file of it is wrong."""
        path = self._contract_file
        return read_contract(path) if path else Contract()

    def missing(self) -> str:
        """Return why the file cannot be run here, or ``""`` if it can."""
        file = self.parameters.file
        if not file.is_file():
            how = "is a folder: name the file in it" if file.is_dir() else "does not exist"
            return f"weights not found: '{file}' {how}"
        if is_onnx(file) and find_spec("onnxruntime") is None:
            return "needs onnxruntime: pip install 'huebench[external]'"
        try:
            absent = [path for path in self.files if not path.is_file()]
        except UserError as error:
            return str(error)
        return f"weights not found: '{file}' needs '{absent[0]}', which does not exist" if absent else ""

    @property
    def files(self) -> tuple[Path, ...]:
        """The file, the files of weights that an ONNX graph names, the contract, and its bins."""
        file, contract = self.parameters.file, self._contract_file
        weights = files_of_onnx(file) if is_onnx(file) and file.is_file() else []
        if contract is None or not contract.is_file():
            return (file, *weights, *([contract] if contract else []))
        bins = self.contract.output.bins
        return (file, *weights, contract, *([bins] if bins else []))

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Run the file on each photo.

        Raises
        ------
        UserError
            If a file is missing or cannot be read, or if the network is not as its contract declares.
        OutOfMemoryError
            If memory runs out.
        """
        network = self._network = self._network or self._open(context)
        if not len(lightness):
            return np.empty((*lightness.shape, 2), np.float32)
        return np.stack([self._colorize_one(plane, network, context) for plane in lightness])

    def save(self, folder: Path) -> None:
        """Write nothing: the parameters name the file."""

    def load(self, folder: Path) -> None:
        """Read nothing; see `save`."""

    @property
    def network_size(self) -> int | None:
        """Side of the square that the network sees, or ``None`` if it sees none.

        It is set as for any method; see `Method.network_size`.
        """
        stated = self.parameters.size or self.contract.input.size
        return stated if isinstance(stated, int) else None

    @network_size.setter
    def network_size(self, size: int) -> None:
        self.parameters = self.parameters.model_copy(update={"size": size})

    @property
    def notes(self) -> dict[str, str]:
        """The names of the file and its contract, each with the beginning of its SHA-256, for the row."""
        file, contract = self.parameters.file, self._contract_file
        found = {"file": file.name, "sha256": file_digest(file)[:16]} if file.is_file() else {}
        if contract and contract.is_file():
            found |= {"contract": contract.name, "contract sha256": file_digest(contract)[:16]}
        return found

    @property
    def _contract_file(self) -> Path | None:
        beside = self.parameters.file.parent / FILE
        return self.parameters.contract or (beside if beside.is_file() else None)

    @cached_property
    def _bins(self) -> Arrays | None:
        path = self.contract.output.bins
        return read_bins(path) if path else None

    def _colorize_one(self, plane: Arrays, network: Network, context: Context) -> Chroma:
        contract, file = self.contract, self.parameters.file
        box = box_of(contract.input, (plane.shape[0], plane.shape[1]), self.parameters.size)
        photo = photo_array(contract.input, plane, box)
        name = contract.input.name or next(iter(network.inputs))
        _check_shape(file, network.inputs[name], photo.shape, contract.input)
        arrays = extra_arrays(contract, plane, box, context) | {name: photo}
        what = f"rejects an input of shape {photo.shape} (check size and channels)"
        if contract.extra:
            shapes = ", ".join(f"{each} {array.shape}" for each, array in arrays.items())
            what = f"rejects inputs of shapes {shapes} (check size, channels, and shape under [extra.NAME])"
        answers = _explained(lambda: network.run(arrays), file, what, context)
        chosen = contract.output.name or next(iter(answers))
        if chosen not in answers:
            chosen = {str(number): name for number, name in enumerate(answers)}.get(chosen, chosen)
        if chosen not in answers:
            raise UserError(f"external: '{file}' has no output '{chosen}'; it has {', '.join(answers)}")
        return self._read(answers, chosen, box, plane)

    def _read(self, answers: dict[str, Arrays], name: str, box: Box, plane: Arrays) -> Chroma:
        answer, chosen = answers[name], self.contract.output
        channels = {"ab": 2, "RGB": 3}.get(chosen.kind) or len(self._bins if self._bins is not None else ())
        axis = 1 if chosen.layout == "NCHW" else 3

        def fits(array: Arrays) -> bool:
            return array.ndim == 4 and (array.shape[0], array.shape[axis]) == (1, channels)

        if not fits(answer):
            wanted = f"(1, {channels}, H, W)" if axis == 1 else f"(1, H, W, {channels})"
            others = " or ".join(f'"{each}"' for each, array in answers.items() if fits(array))
            raise UserError(
                f"external: the output of '{self.parameters.file}' has shape {answer.shape}; for kind = "
                f'"{chosen.kind}" and layout = "{chosen.layout}" it must be {wanted}'
                + (f": write name = {others} under [output] of {FILE}" if others else "")
            )
        return chroma_of(chosen, answer, box, plane, self._bins)

    def _open(self, context: Context) -> Network:
        if reason := self.missing():
            raise UserError(f"external: {reason}")
        file, contract = self.parameters.file, self.contract
        network = _explained(lambda: open_network(file, context), file, "cannot be opened", context)
        photo = contract.input.name or next(iter(network.inputs), "")
        if {photo, *contract.extra} != set(network.inputs):
            declared = ", ".join([photo, *contract.extra])
            raise UserError(
                f"external: '{file}' takes {counted(len(network.inputs), 'input')} "
                f"({', '.join(network.inputs)}), and its contract declares {declared}: name the photo's "
                "under [input], and each other one in a table [extra.NAME]"
            )
        return network


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


def _check_shape(
    file: Path, expected: tuple[int | None, ...] | None, given: tuple[int, ...], chosen: Input
) -> None:
    """Refuse a network whose fixed input shape differs from the contract's, with the line to change."""
    if expected is None:
        return
    if len(expected) != 4:
        raise UserError(f"external: '{file}' takes an input of shape {expected}; it must have four axes")
    if all(side in (None, here) for side, here in zip(expected, given, strict=True)):
        return
    axis = 1 if chosen.layout == "NCHW" else 3
    batch, channels, *sides = (expected[0], expected[axis], *np.delete(np.array(expected, object), [0, axis]))
    if batch not in (None, 1):
        raise UserError(f"external: '{file}' takes {batch} photos at once: export it for one photo at a time")
    if channels not in (None, given[axis]):
        other = "NHWC" if axis == 1 else "NCHW"
        swapped = expected[4 - axis] in (1, 3)
        advice = {1: 'channels = "L"', 3: 'channels = "RGB"'}.get(channels or 0, f'layout = "{other}"')
        if channels not in (1, 3) and not swapped:
            raise UserError(f"external: '{file}' takes {channels} channels: export it for 1 or 3 channels")
    else:
        height, width = (side or here for side, here in zip(sides, np.delete(given, [0, axis]), strict=True))
        advice = f"size = {height}" if height == width else f"size = [{height}, {width}]"
    raise UserError(
        f"external: '{file}' takes an input of shape {expected}, not {given}: "
        f"write {advice} under [input] of {FILE}"
    )
