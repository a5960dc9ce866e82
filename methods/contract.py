"""The contract of a network in a file: what goes in, what comes out, and how to read it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WrapValidator, model_validator

from .. import UserError
from ..files import write_text
from ..wording import describe_faults

if TYPE_CHECKING:
    from torch import nn

FILE: Final = "contract.toml"
"""Name of a contract that is read without being named: it lies beside the network's file."""

Layout = Literal["NCHW", "NHWC"]

Scale = Literal["0..100", "0..1", "-1..1", "0..255"]

SCALES: Final[dict[Scale, tuple[float, float]]] = {
    "0..100": (0.0, 100.0),
    "0..1": (0.0, 1.0),
    "-1..1": (-1.0, 1.0),
    "0..255": (0.0, 255.0),
}
"""Values of black and white in a channel."""

Pillow = Literal["pillow-bilinear", "pillow-bicubic"]
"""Pillow's filters, antialiased, on 8-bit RGB."""

Resize = Literal["triangle", "bilinear", "bicubic", "nearest"]
"""``triangle`` is bilinear and antialiased; the others are those of torch, without antialiasing."""

PILLOW: Final[tuple[Pillow, ...]] = ("pillow-bilinear", "pillow-bicubic")

Side = Annotated[int, Field(ge=1)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _allowed(values: str, table: type[_Table] | None = None) -> WrapValidator:
    """Say all that a field of several types takes at once; a ``table`` says itself what is wrong with it."""

    def check(given: object, inner: Callable[[object], object]) -> object:
        if table and isinstance(given, dict):
            return table.model_validate(given)
        try:
            return inner(given)
        except ValidationError as error:
            raise ValueError(f"must be {values}") from error

    return WrapValidator(check)


class Normalize(_Table):
    """Mean and deviation of each channel, after the scaling: the network gets (x − mean) / std."""

    mean: tuple[float, ...] = Field(min_length=1)
    std: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=1)


IMAGENET: Final = Normalize(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
"""Mean and deviation of ImageNet's photos, for channels of 0…1, as torchvision states them."""


class _Normalized(_Table):
    normalize: Annotated[
        Literal["none", "imagenet"] | Normalize,
        _allowed('"none", "imagenet", or { mean = […], std = […] }', Normalize),
    ] = "none"
    """Mean and deviation that the input is normalized with, or that are undone in an ``RGB`` output."""

    @property
    def statistics(self) -> Normalize | None:
        """Mean and deviation of `normalize`, or ``None``."""
        if isinstance(self.normalize, Normalize):
            return self.normalize
        return IMAGENET if self.normalize == "imagenet" else None


class Input(_Normalized):
    """The photo that goes in."""

    name: str = ""
    """Name of the input; the first if empty."""
    channels: Literal["L", "LLL", "RGB"] = "L"
    """L* once, L* three times, or the grey photo of that lightness in sRGB."""
    range: Scale = "0..100"
    """Values of black and white."""
    size: Annotated[
        Side | tuple[Side, Side] | Literal["photo"],
        _allowed('a side, [height, width], or "photo"; sides are whole numbers from 1'),
    ] = 256
    """Side of a square, height and width, or the photo's own size."""
    multiple: int = Field(1, ge=1)
    """Under ``size = "photo"``: both sides are padded to a multiple of this."""
    fit: Literal["stretch", "pad"] = "stretch"
    """Whether the aspect changes, or is kept and the rest padded with the photo's edge."""
    resize: Literal[Resize, Pillow] = "triangle"
    """How the photo is resized to it; with Pillow's, L* of the right size is taken as it is."""
    layout: Layout = "NCHW"
    """Order of the axes."""

    @property
    def count(self) -> int:
        """Number of channels."""
        return 1 if self.channels == "L" else 3

    @model_validator(mode="after")
    def _agree(self) -> Input:
        stated = self.statistics
        if stated and {len(stated.mean), len(stated.std)} - {1, self.count}:
            values = "one value" if self.count == 1 else f"1 or {self.count} values"
            raise ValueError(f"normalize must state {values} for channels = {self.channels}")
        if self.multiple > 1 and self.size != "photo":
            raise ValueError('multiple goes with size = "photo" only')
        return self


class Output(_Normalized):
    """The output that holds the colours."""

    name: str = Field("", coerce_numbers_to_str=True)
    """Name of the output, or its number from 0; the first if empty."""
    kind: Literal["ab", "RGB", "bins"] = "ab"
    """a*b*, an sRGB photo whose lightness is dropped, or a distribution over bins of a*b*."""
    factor: float = Field(1.0, gt=0)
    """Factor that turns an ``ab`` output into a*b*."""
    range: Scale = "0..1"
    """Values of black and white of an ``RGB`` output."""
    bins: Path | None = None
    """Under ``bins``: an .npy file (Q, 2) of each bin's a*b*, beside the contract."""
    logits: bool = True
    """Whether a softmax turns the ``bins`` into probabilities."""
    temperature: float = Field(1.0, gt=0)
    """Power 1 / temperature of the probabilities before their mean; 0.38 in Zhang et al. 2016."""
    resize: Literal[Resize, Pillow, "edges"] = "triangle"
    """How the colours are resized to the photo; ``edges`` follows those of its lightness."""
    layout: Layout = "NCHW"
    """Order of the axes."""

    @model_validator(mode="after")
    def _agree(self) -> Output:
        if (self.kind == "bins") != (self.bins is not None):
            raise ValueError('kind = "bins" goes with bins = "FILE.npy", the a*b* of each bin')
        stated = self.statistics
        if stated and (self.kind != "RGB" or {len(stated.mean), len(stated.std)} - {1, 3}):
            raise ValueError('normalize goes with kind = "RGB", and states 1 or 3 values')
        if self.resize in PILLOW and self.kind != "RGB":
            raise ValueError(f'resize = "{self.resize}" goes with kind = "RGB"')
        return self


_Axis = Annotated[Side | Literal["height", "width"], _allowed('a whole number from 1, "height" or "width"')]


class Extra(_Table):
    """A further input: a mask, hints, or noise."""

    shape: tuple[_Axis, ...] = Field(min_length=1)
    """Its shape; ``height`` and ``width`` stand for those of the photo that goes in."""
    fill: Annotated[float | Literal["noise"], _allowed('a number or "noise"')] = 0.0
    """One value everywhere, such as that of no hint, or normal noise from the seed and the photo."""


class Contract(_Table):
    """All that must be known of a network to run it."""

    input: Input = Input()
    output: Output = Output()
    extra: dict[str, Extra] = {}
    """Further inputs by name."""


@dataclass(frozen=True)
class Portable:
    """A method's network with its weights, for a file that other programs can use."""

    network: nn.Module  #: The network, under its own names of entries
    as_declared: nn.Module  #: The network with all that turns the contract's input into its output
    contract: Contract  #: Has the names of the input and output, and a fixed size


def write_contract(contract: Contract, path: Path) -> None:
    """Write a contract as TOML, without what has its default; a file of bins stands as it is named."""
    stated = contract.model_dump(mode="json", exclude_defaults=True)
    tables: list[tuple[str, dict[str, object]]]
    tables = [(name, stated[name]) for name in ("input", "output") if name in stated]
    tables += [(f"extra.{json.dumps(name)}", table) for name, table in stated.get("extra", {}).items()]
    # Strings, numbers, truth values and lists are the same in JSON and TOML; tables are not.
    write_text(path, "\n".join(f"[{name}]\n{_lines(table)}" for name, table in tables))


def _lines(table: dict[str, object], prefix: str = "") -> str:
    return "".join(
        _lines(value, f"{prefix}{key}.")
        if isinstance(value, dict)
        else f"{prefix}{key} = {json.dumps(value)}\n"
        for key, value in table.items()
    )


def read_contract(path: Path) -> Contract:
    """Return the contract in a file; paths in it are relative to its folder.

    Raises
    ------
    UserError
        If it cannot be read, or a value is unknown or not allowed.
    """
    try:
        contract = Contract.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(f"contract '{path}' cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"contract '{path}' is not TOML: {error}") from error
    except ValidationError as error:
        raise UserError(f"contract '{path}': {describe_faults(error)}{_entries(error)}") from error
    if contract.output.bins is None:
        return contract
    output = contract.output.model_copy(update={"bins": path.parent / contract.output.bins})
    return contract.model_copy(update={"output": output})


def _entries(error: ValidationError) -> str:
    """Return what the tables with an unknown entry take, in brackets; ``""`` if every entry is known."""
    known: dict[str, type[BaseModel]] = {
        "": Contract,
        "input": Input,
        "output": Output,
        "extra": Extra,
        "normalize": Normalize,
    }
    unknown = [fault["loc"] for fault in error.errors() if fault["type"] == "extra_forbidden"]
    wrong = dict.fromkeys(_table_of(loc) for loc in unknown)
    taken = [f"{name or 'a contract'} takes {', '.join(known[name].model_fields)}" for name in wrong]
    return f" ({'; '.join(taken)})" if taken else ""


def _table_of(place: tuple[int | str, ...]) -> str:
    """Return the kind of table that an entry stands in; ``""`` for the whole file."""
    match place:
        case (_,):
            return ""
        case ("input" | "output", "normalize", _):
            return "normalize"
    return str(place[0])


def read_bins(path: Path) -> NDArray[np.float32]:
    """Return the a*b* of each bin, float32 (Q, 2).

    Raises
    ------
    UserError
        If the file is not such a table.
    """
    try:
        with path.open("rb") as stream:
            table: NDArray[np.generic] = np.lib.format.read_array(stream, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"bins '{path}' cannot be read: {error}") from error
    if table.dtype.kind not in "fiu" or table.ndim != 2 or table.shape[1] != 2:
        raise UserError(f"bins '{path}' must be a table (Q, 2) of numbers: each bin's a* and b*")
    if not np.isfinite(table).all():
        raise UserError(f"bins '{path}' must be finite numbers: each bin's a* and b*")
    return table.astype(np.float32)
