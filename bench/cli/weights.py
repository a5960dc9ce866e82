"""``bench weights list | get | add | verify``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from ... import UserError
from ...files import WEIGHTS_VARIABLE, atomic, file_digest
from . import completion
from .console import Console, percent_progress
from .options import Plugins

if TYPE_CHECKING:
    from ...methods.pretrained.checkpoint import Checkpoint

weights_app = typer.Typer(
    help="List, fetch, add and check the weights of published networks and encoders.", no_args_is_help=True
)


def _use_folder(folder: Path | None) -> None:
    """Let everything in this process use a folder of weights."""
    if folder is not None:
        os.environ[WEIGHTS_VARIABLE] = str(folder.expanduser().absolute())


def _make_folder(folder: Path | None) -> None:
    """Make a folder of weights if it is missing, and use it."""
    if folder is not None:
        folder.expanduser().mkdir(parents=True, exist_ok=True)
    _use_folder(folder)


_FOLDER = {"envvar": WEIGHTS_VARIABLE, "help": "Folder of weights; by default torch's cache of checkpoints."}

WeightsDir = Annotated[Path | None, typer.Option("--weights-dir", callback=_use_folder, **_FOLDER)]

_DIGEST_TO_CHECK = {
    "hub's SHA-256": "the one that the hub states; the entries will be checked too",
    "entries": "not known; the entries will be checked",
}
"""How a download is checked → the text in the place of a digest that the card lacks."""

NewWeightsDir = Annotated[Path | None, typer.Option("--weights-dir", callback=_make_folder, **_FOLDER)]


@weights_app.command("list")
def list_weights(_weights_dir: WeightsDir = None, _plugins: Plugins = None) -> None:
    """Show the weights of published networks, encoders and metrics, and which are on this machine.

    `bench weights get NAME` shows where they come from, before it asks. A fetched file must have the
    published SHA-256, or that of the hub, or where neither is known the entries of the network.
    """
    from ...methods.pretrained.store import checkpoints
    from ..metrics.registry import metrics

    table = Table(
        Column("weights", no_wrap=True),
        Column("here", no_wrap=True),
        Column("size", justify="right", no_wrap=True),
        Column("checked by", no_wrap=True),
        "licence",
        box=None,
        header_style="bold",
    )
    for each in checkpoints().values():
        here = "[green]yes" if each.find() else "no"
        table.add_row(each.name, here, _size(each), _checked_by(each), escape(each.licence))
    console = Console()
    console.print(table, highlight=False)
    file = Column("file", overflow="fold")
    others = Table(Column("for", no_wrap=True), Column("here", no_wrap=True), file, box=None)
    for metric in metrics.items().values():
        if metric.weights:
            here = "[green]yes" if metric.weights.path() else "no"
            address = f"{metric.weights.folder_url}{metric.weights.file}"
            others.add_row(f"metric {metric.name}", here, escape(address))
    console.print("\nPut these into the same folder yourself:", others, sep="\n", highlight=False)


@weights_app.command()
def get(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME", help="Weights; see `bench weights list`.", autocompletion=completion.weights
        ),
    ],
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licence without being asked.")
    ] = False,
    _weights_dir: NewWeightsDir = None,
    _plugins: Plugins = None,
) -> None:
    """Fetch weights, check them, and record their source, digest and licence."""
    from ...methods.pretrained.store import checkpoint_named

    console = Console()
    for checkpoint in [checkpoint_named(name) for name in names]:
        if checkpoint.find() is None:
            _show(checkpoint, console)
            if not accept_licence and not _accepted():
                raise UserError(f"{checkpoint.name} was not fetched: its licence was not accepted")
        path = _fetch(checkpoint, console)
        console.print(f"{checkpoint.name}: {path}", soft_wrap=True, highlight=False, markup=False)


@weights_app.command()
def add(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files of weights that you have.")],
    name: Annotated[
        str | None,
        typer.Option(
            help="The weights that it is, where the entries fit several.", autocompletion=completion.weights
        ),
    ] = None,
    _weights_dir: NewWeightsDir = None,
    _plugins: Plugins = None,
) -> None:
    """Recognise files of weights by their digest or entries, and copy them to where methods find them."""
    console = Console()
    refused = 0
    for file in files:
        try:
            said = _add_one(file, name)
        except UserError as error:
            refused += 1
            said = f"{file.name}: not added: {error}"
        console.print(said, soft_wrap=True, highlight=False, markup=False)
    if refused:
        raise typer.Exit(1)


@weights_app.command()
def verify(_weights_dir: WeightsDir = None, _plugins: Plugins = None) -> None:
    """Read all weights on this machine again, and compare them with what is known; exit 1 if any is wrong."""
    from ...methods.pretrained.store import checkpoints

    console, faults, found = Console(), 0, 0
    for checkpoint in checkpoints().values():
        path = checkpoint.find()
        if path is None:
            continue
        found += 1
        fault, said = _verified(checkpoint, path)
        faults += fault
        console.print(f"{checkpoint.name}: {said}", soft_wrap=True, highlight=False, markup=False)
    if not found:
        console.print("no weights of networks are on this machine; see 'bench weights list'")
    if faults:
        raise typer.Exit(1)


def _fetch(checkpoint: Checkpoint, console: Console) -> Path:
    from ...methods.pretrained.fetch import fetch

    with percent_progress(console) as progress:
        bar = progress.add_task(f"fetching {checkpoint.name}", total=None)
        return fetch(checkpoint, lambda done, total: progress.update(bar, completed=done, total=total))


def _add_one(file: Path, name: str | None) -> str:
    """Copy a file to the folder of weights; return what it is."""
    from ...methods.pretrained.reading import is_safetensors
    from ...methods.pretrained.recognise import nearest, recognise
    from ...methods.pretrained.store import checkpoint_named, places_for, verdict, write_record

    if not file.is_file():
        raise UserError(f"not a file: '{file}'")
    wanted = checkpoint_named(name) if name else None
    found = recognise(file)
    chosen = [each for each in found if wanted in (None, each)]
    if not chosen:
        if not found:
            near = nearest(file)
            how = f"; {near}" if near else ""
            raise UserError(f"it has the entries of no known network{how}; see 'bench weights list'")
        raise UserError(f"it is {found[0].name}, not {name}; see 'bench weights list'")
    if len(chosen) > 1:
        several = ", ".join(each.name for each in chosen)
        raise UserError(f"its entries are those of {several}: say which with --name")
    checkpoint, digest = chosen[0], file_digest(file)
    target, *others = places_for(checkpoint, safetensors=is_safetensors(file))
    for place in (target, *others):
        if place.exists() and file_digest(place) != digest:
            raise UserError(f"another file is there: remove '{place}' first")
    if not target.exists():
        with atomic(target) as partial:
            shutil.copyfile(file, partial)
    write_record(target, checkpoint, "")
    judged = {
        "matches": "the published file, by its SHA-256",
        "differs": f"recognised by its entries; its SHA-256 ({digest[:8]}…) differs from the published file",
        "not known": "recognised by its entries; the published SHA-256 is not known",
    }
    return f"{file.name}: {checkpoint.name}, {judged[verdict(checkpoint, digest)]}\n  {target}"


def _verified(checkpoint: Checkpoint, path: Path) -> tuple[bool, str]:
    """Return whether something is wrong with a file, and a line about it."""
    from ...methods.pretrained.recognise import check_entries
    from ...methods.pretrained.store import read_record, verdict

    digest = file_digest(path)
    judged = verdict(checkpoint, digest)
    if judged == "matches":
        return False, f"the published file ({path})"
    recorded = read_record(path).get("sha256", digest)
    if recorded != digest:
        return True, f"changed since it was added: its SHA-256 is no longer {recorded[:8]}… ({path})"
    try:
        check_entries(path, checkpoint)
    except UserError as error:
        return True, str(error)
    if judged == "differs":
        return (
            True,
            f"the right entries, but its SHA-256 ({digest[:8]}…) differs from the published file ({path})",
        )
    return False, f"the right entries; the published SHA-256 is not known ({path})"


def _show(checkpoint: Checkpoint, console: Console) -> None:
    table = Table(box=None, show_header=False)
    digest = checkpoint.sources[0].sha256 or _DIGEST_TO_CHECK[_checked_by(checkpoint)]
    facts = {
        "weights": checkpoint.name,
        "from": checkpoint.sources[0].url,
        "page": checkpoint.page,
        "size": _size(checkpoint),
        "SHA-256": digest,
        "licence": checkpoint.licence,
    }
    for number, mirror in enumerate(checkpoint.sources[1:], start=1):
        facts[f"mirror {number}"] = mirror.url
    for label, value in facts.items():
        table.add_row(f"[bold]{label}", escape(value))
    console.print(table, highlight=False)


def _checked_by(checkpoint: Checkpoint) -> str:
    """Return what a download is compared with."""
    from ...methods.pretrained.hub import HUB

    if checkpoint.sources[0].sha256:
        return "SHA-256"
    return "hub's SHA-256" if checkpoint.sources[0].url.startswith(HUB) else "entries"


def _accepted() -> bool:
    try:
        return typer.confirm("Accept the licence and fetch?")
    except typer.Abort as error:
        raise UserError("nobody can answer here: add --accept-licence once you have read it") from error


def _size(checkpoint: Checkpoint) -> str:
    sizes = [source.size for source in checkpoint.sources if source.size]
    return f"{sizes[0] / 1e6:,.0f} MB" if sizes else "not known"
