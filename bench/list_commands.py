"""``bench list methods | datasets | metrics``, and the plan of a dry run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from .plan import Plan

list_app = typer.Typer(help="Show what is registered.", no_args_is_help=True)

Plugins = Annotated[list[Path] | None, typer.Option("--plugin", help="Python file that registers a plugin.")]


@list_app.command("methods")
def list_methods(plugin: Plugins = None) -> None:
    """Show every method with its family, parameters and source; a broken plugin with its reason."""
    from ..datasets.registry import load_plugin
    from ..methods.base import FAMILIES, methods
    from ..methods.spec import MethodSpec

    for path in plugin or ():
        load_plugin(path)
    table = Table("method", "family", "parameters", "source", box=None, header_style="bold")
    found = sorted(methods.items().values(), key=lambda cls: (FAMILIES.index(cls.info.family), cls.info.name))
    for cls in found:
        parameters = ", ".join(f"{key}={field.default}" for key, field in cls.Parameters.model_fields.items())
        missing = MethodSpec(cls.info.name).missing()
        source = f"[red]{escape(missing)}" if missing else escape(cls.info.source)
        table.add_row(cls.info.name, cls.info.family, escape(parameters), source)
    for name, broken in methods.broken.items():
        table.add_row(name, "[red]broken", "", f"[red]{escape(broken.reason)}")
    Console().print(table)


@list_app.command("datasets")
def list_datasets(plugin: Plugins = None) -> None:
    """Show every dataset with its splits and licence."""
    from ..datasets.base import datasets
    from ..datasets.registry import load_plugin

    for path in plugin or ():
        load_plugin(path)
    table = Table("dataset", "photos", "splits", "licence", box=None, header_style="bold")
    for cls in datasets.items().values():
        info = cls.info
        name = "folder:PATH" if info.name == "folder" else info.name
        table.add_row(name, escape(info.summary), escape(info.splits), escape(info.licence))
    for name, broken in datasets.broken.items():
        table.add_row(name, "[red]broken", "", f"[red]{escape(broken.reason)}")
    Console().print(table)


@list_app.command("metrics")
def list_metrics(plugin: Plugins = None) -> None:
    """Show every metric with its direction, unit and source; an unavailable one with its reason."""
    from ..datasets.registry import load_plugin
    from .metrics import Scorer, get_metric, metric_names

    for path in plugin or ():
        load_plugin(path)
    names = metric_names()
    unavailable = Scorer(names).unavailable
    table = Table("metric", "better", "unit", "definition", "source", box=None, header_style="bold")
    for name in names:
        metric = get_metric(name)
        reason = unavailable.get(name)
        text = f"[red]unavailable: {escape(reason)}" if reason else escape(metric.description)
        table.add_row(name, metric.direction, metric.unit, text, escape(metric.source))
    Console().print(table)


def print_plan(plan: Plan, console: Console) -> None:
    """Show the cells of a plan and which of them are done."""
    from .runner import cell_status

    table = Table("cell", "method", "seed", "state", box=None, header_style="bold")
    for cell in plan.cells:
        status = cell_status(cell)
        state = f"cannot run: {cell.problem}" if cell.problem else (status or {"status": "to do"})["status"]
        table.add_row(cell.key, escape(cell.label), str(cell.seed), escape(state))
    options = plan.options
    console.print(
        f"{len(plan.photos)} {options.split} photos of {options.dataset}, "
        f"protocol {options.protocol.digest}, budget {options.budget}, {options.device}, into {options.out}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(table)
