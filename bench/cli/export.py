"""``bench export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.text import Text

from . import completion
from .console import Console, activity
from .models import Seed, trained_cell
from .options import Plugins

if TYPE_CHECKING:
    from ...methods.base import Method


def export(
    what: Annotated[
        str,
        typer.Argument(
            metavar="METHOD|RUN",
            help="A method with weights, such as huebench-small or ddcolor-tiny, or a run folder.",
            autocompletion=completion.method,
        ),
    ],
    trained: Annotated[
        str | None,
        typer.Argument(metavar="[METHOD]", help="Of a run: the method, as the run's tables name it."),
    ] = None,
    *,
    form: Annotated[
        Literal["onnx", "safetensors"],
        typer.Option("--format", help="A network with its contract, or weights alone."),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE|FOLDER", help="New file, or folder for network.onnx.")],
    seed: Seed = None,
    _plugins: Plugins = None,
) -> None:
    """Write a method's network as ONNX or safetensors, and check the file.

    ONNX: the network and a `contract.toml` beside it, which says what goes in and how to read what comes out;
    `external[file=FILE]` scores the pair. Both are kept only if their a*b* equal those of the method itself.

    safetensors: the weights. For a method of a run the folder also has a model card, and `model:FOLDER`
    scores it.
    """
    if trained is None and not (Path(what) / "run.json").is_file():
        from ..models.exportable import method_with_weights

        _export_network(method_with_weights(what), what, out, form)
        return
    results, cell = trained_cell(Path(what), trained, seed)
    if form == "onnx":
        from ..colorize.from_run import load_method

        _export_network(load_method(cell), cell.label, out, form)
        return
    from ..models.folder import export as export_folder

    export_folder(results, cell, out)
    _say(f"model:  {out}", f"use it: bench colorize scans --model {out}, or bench run --methods model:{out}")


def _export_network(method: Method, name: str, out: Path, form: Literal["onnx", "safetensors"]) -> None:
    from ..models.exportable import file_for, portable_of

    portable = portable_of(method)
    file = file_for(out, form)
    if form == "safetensors":
        from ..models.weights import export_weights

        entries = export_weights(portable, file)
        _say(f"weights: {file}, {entries} entries", f"use them: {_use_of_weights(method, name, file)}")
        return
    from ...methods.contract import FILE as CONTRACT
    from ..models.onnx import export_onnx

    with activity(Console(), f"writing {file} and running it beside {name}"):
        difference = export_onnx(method, portable, file)
    _say(
        f"network:  {file}",
        f"contract: {file.with_name(CONTRACT)}",
        f"checked:  a*b* differ from torch's by {difference.mean:.1g} on average and "
        f"{difference.largest:.1g} at most ({difference.allowed:g} is allowed)",
        f"use it:   bench run --methods 'external[file={file}]'",
    )


def _use_of_weights(method: Method, name: str, file: Path) -> str:
    if "weights" in method.Parameters.model_fields:
        return f"bench run --methods '{method.info.name}[weights={file}]'"
    return f"safetensors.torch.load_file('{file}'), into the network of {name}"


def _say(*lines: str) -> None:
    for line in lines:
        Console().print(Text(line), soft_wrap=True)
