"""Which methods can be exported, and to which file: what ``bench export`` asks before it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from ... import UserError
from ...methods.base import Method, methods
from ...methods.contract import FILE as CONTRACT
from ...methods.contract import Portable
from ...methods.spec import parse_specs, required_parameters

Format = Literal["onnx", "safetensors"]

SUFFIXES: Final[dict[Format, str]] = {"onnx": ".onnx", "safetensors": ".safetensors"}


def method_with_weights(text: str) -> Method:
    """Return a method whose weights are shipped or on this machine.

    Raises
    ------
    UserError
        If it is not one method, if only a run trains it, or if its weights are missing.
    """
    specs = parse_specs(text)
    if len(specs) != 1:
        raise UserError(f"'{text}' stands for {len(specs)} methods: export one at a time")
    method = specs[0].build()
    if method.info.trainable:
        raise UserError(f"only a run trains {text}: bench export RUN {text}")
    if reason := specs[0].missing():
        raise UserError(f"{text} cannot be exported: {reason}")
    return method


def portable_of(method: Method) -> Portable:
    """Return a method's network; raises `UserError` if it has none, with the methods that have."""
    portable = method.portable()
    if portable is not None:
        return portable
    known = [
        name
        for name, cls in methods.items().items()
        if cls.portable is not Method.portable
        and not (cls.info.trainable or cls.info.family == "hinted" or required_parameters(cls))
    ]
    raise UserError(
        f"{method.info.name} has no network: export one of {', '.join(known)}, or one that a run trained"
    )


def file_for(out: Path, form: Format) -> Path:
    """Return the file to write: ``out`` if it has the format's suffix, else one in the folder ``out``.

    Raises
    ------
    UserError
        If it or a contract beside it exists, or if ``out`` has another format's suffix.
    """
    suffix = SUFFIXES[form]
    if out.suffix in SUFFIXES.values() and out.suffix != suffix:
        raise UserError(f"--out '{out}' does not go with --format {form}: give a folder, or a {suffix} file")
    file = out if out.suffix == suffix else out / f"network{suffix}"
    for path in (file, file.with_name(CONTRACT)):
        if path.exists():
            raise UserError(f"'{path}' exists: nothing is overwritten; choose another --out")
    return file
