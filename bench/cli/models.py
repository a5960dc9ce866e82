"""``bench models list | show``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ... import UserError
from ...reports.text import number_or_dash
from . import completion
from .console import Console
from .options import Plugins

if TYPE_CHECKING:
    from ...reports.tables import Results
    from ..plan.cell import Cell

models_app = typer.Typer(help="List and show trained methods; see also `bench export`.", no_args_is_help=True)

Seed = Annotated[int | None, typer.Option(min=0, help="The method's seed.  [default: the lowest of the run]")]


@models_app.command("list")
def list_models(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RUN|FOLDER]…",
            help="Runs and exported models.  [default: runs/*]",
            autocompletion=completion.runs,
        ),
    ] = None,
    _plugins: Plugins = None,
) -> None:
    """Show the trained methods of runs, and exported models."""
    from ...methods.from_file.model import FILE, read_model

    table = Table(
        "model", "method", "seed", "trained on", "weights", "rebalanced AuC", box=None, header_style="bold"
    )
    for folder in folders or sorted(path for path in Path("runs").glob("*") if (path / "run.json").is_file()):
        models = [read_model(folder)] if (folder / FILE).is_file() else _of_run(folder)
        for model in models:
            scores = {each["metric"]: f"{each['value']:.3f}" for each in model["figures"]}
            table.add_row(
                escape(str(folder)), escape(model["method"]), str(model["seed"]), escape(model["trained_on"]),
                number_or_dash(model["parameter_count"]), scores.get("auc_rebalanced", ""),
            )  # fmt: skip
    console = Console()
    console.print(table if table.row_count else "no trained methods: bench run trains some, in runs/")


@models_app.command("show")
def show(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|FOLDER", help="A run, or an exported model.", autocompletion=completion.runs
        ),
    ],
    method: Annotated[str | None, typer.Argument(help="A method of the run, as its tables name it.")] = None,
    seed: Seed = None,
    _plugins: Plugins = None,
) -> None:
    """Show the card of a trained method or of an exported model."""
    from ...methods.from_file.model import FILE, read_model
    from ..models.card import model_card

    if (folder / FILE).is_file():
        model = read_model(folder)
    else:
        results, cell = trained_cell(folder, method, seed)
        from ..models.folder import describe

        model = describe(results, cell)
    Console().print(Text(model_card(model)), soft_wrap=True)


def _of_run(folder: Path) -> list[dict[str, Any]]:
    """Return the facts of a run's trained methods whose models are there."""
    from ...methods.base import methods
    from ...reports.tables import read_results
    from ..colorize.from_run import cell_of_run
    from ..models.folder import describe

    results = read_results(folder)
    rows = results.cells[["method", "name", "seed"]].itertuples(index=False)
    found = []
    for method, name, seed in rows:
        info = methods.get(name).info
        if info.trainable and info.reference == "none":
            cell = cell_of_run(results, method, int(seed))
            if (cell.model_folder / "fit.json").is_file():
                found.append(describe(results, cell))
    return found


def trained_cell(folder: Path, method: str | None, seed: int | None) -> tuple[Results, Cell]:
    """Return a run and a method's cell in it.

    Raises
    ------
    UserError
        If there is no such run or method, or the method's plugin is not loaded.
    """
    from ...methods.base import methods
    from ...reports.tables import read_results
    from ..colorize.from_run import cell_of_run, check_registered

    results = read_results(folder)
    if method is None:
        known = ", ".join(sorted(set(results.cells["method"])))
        raise UserError(f"name a method of the run: {known}")
    cell = cell_of_run(results, method, seed)
    check_registered(methods, cell.name, [cell.method_plugin])
    return results, cell
