"""``bench list methods | datasets | metrics | protocols | degradations``, and the plan of a dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

from ...wording import counted
from . import completion
from .console import Console
from .options import Plugins

if TYPE_CHECKING:
    from ...methods.base import Method
    from ..plan.plan import Plan

list_app = typer.Typer(help="List methods, datasets, metrics, protocols and more.", no_args_is_help=True)


@list_app.command("methods")
def list_methods(
    name: Annotated[
        str | None,
        typer.Argument(help="Show this method with its parameters.", autocompletion=completion.method),
    ] = None,
    _plugins: Plugins = None,
) -> None:
    """Show all methods, or one with its parameters; broken plugins are shown with their errors."""
    from ...methods.base import methods
    from ...methods.info import FAMILIES

    if name is not None:
        _print_method(name, Console())
        return
    table = Table(Column("method", no_wrap=True), "family", "what it is", box=None, header_style="bold")
    found = sorted(methods.items().values(), key=lambda cls: (FAMILIES.index(cls.info.family), cls.info.name))
    for cls in found:
        table.add_row(escape(cls.info.name), cls.info.family, _summary_or_reason(cls))
    for broken_name, broken in methods.broken.items():
        table.add_row(escape(broken_name), "[red]broken", f"[red]{escape(broken.reason)}")
    Console().print(table)
    Console().print("[dim]one method with its source and parameters: bench list methods NAME")


def _print_method(name: str, console: Console) -> None:
    from ...methods.base import methods

    cls = methods.get(name)
    console.print(f"[bold]{escape(cls.info.name)}[/] ({cls.info.family}): {escape(_summary(cls))}")
    console.print(f"from: {escape(cls.info.source)}", highlight=False)
    table = Table("parameter", "default", "", box=None, header_style="bold")
    for key, parameter in cls.Parameters.model_fields.items():
        default = "required" if parameter.is_required() else str(parameter.default)
        table.add_row(key, escape(default), escape(parameter.description or ""))
    console.print(table if table.row_count else "no parameters")


def _summary_or_reason(cls: type[Method]) -> str:
    """Return a method's summary, or why it cannot run here, as rich markup."""
    from ...methods.spec import MethodSpec, required_parameters
    from ...plugins import RAISED

    summary = escape(_summary(cls))
    if required := required_parameters(cls):
        asked = ",".join(f"{name}=…" for name in required)
        return f"{summary} [dim]Runs when named: {escape(f'{cls.info.name}[{asked}]')}"
    try:
        missing = MethodSpec(cls.info.name).missing()
    except RAISED as error:  # one broken class must not hide the others
        missing = f"{type(error).__name__}: {error}"
    return f"[red]{escape(missing)}" if missing else summary


def _summary(cls: type[Method]) -> str:
    """Return the first sentence of a class's docstring."""
    return " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())


@list_app.command("datasets")
def list_datasets(_plugins: Plugins = None) -> None:
    """Show every dataset with its splits and licence."""
    from ...datasets.base import datasets

    table = Table(
        Column("dataset", no_wrap=True), "photos", "splits", "licence", box=None, header_style="bold"
    )
    for cls in datasets.items().values():
        info = cls.info
        table.add_row(escape(info.usage), escape(info.summary), escape(info.splits), escape(info.licence))
    for name, broken in datasets.broken.items():
        table.add_row(escape(name), "[red]broken", "", f"[red]{escape(broken.reason)}")
    Console().print(table)


@list_app.command("metrics")
def list_metrics(_plugins: Plugins = None) -> None:
    """Show every metric with its direction, unit and source; unavailable ones with the reason."""
    from ..metrics import Scorer, get_metric, metric_names

    names = metric_names()
    unavailable = Scorer(names).unavailable
    names_column = Column("metric", no_wrap=True)
    table = Table(names_column, "better", "unit", "definition", "source", box=None, header_style="bold")
    for name in names:
        metric = get_metric(name)
        reason = unavailable.get(name)
        text = f"[red]unavailable: {escape(reason)}" if reason else escape(metric.description)
        table.add_row(escape(name), metric.direction, escape(metric.unit), text, escape(metric.source))
    Console().print(table)


@list_app.command("protocols")
def list_protocols(
    name: Annotated[str | None, typer.Argument(help="Show this protocol with its choices.")] = None,
) -> None:
    """Show all named protocols, or one with its choices and where each was taken from."""
    from ..protocol.presets import presets

    if name is not None:
        _print_protocol(name, Console())
        return
    table = Table(
        Column("protocol", no_wrap=True), Column("digest", no_wrap=True),
        Column("what it is", overflow="fold"), Column("source", overflow="fold"),
        box=None, header_style="bold",
    )  # fmt: skip
    for preset in presets.items().values():
        row = (preset.name, preset.protocol.digest, preset.summary, preset.source)
        table.add_row(*map(escape, row))
    Console().print(table)
    Console().print("[dim]one protocol with its choices: bench list protocols NAME")


def _print_protocol(name: str, console: Console) -> None:
    from ..protocol.presets import presets

    preset = presets.get(name)
    protocol, facts = preset.protocol, preset.protocol.facts()
    console.print(f"[bold]{escape(preset.name)}[/] {protocol.digest}: {escape(preset.summary)}")
    console.print(f"from: {escape(preset.source)}", highlight=False)
    table = Table(Column("field", no_wrap=True), "choice", "taken from", box=None, header_style="bold")
    for field, value in facts.items():
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        table.add_row(field.replace("_", " "), escape(shown), escape(preset.reason(field)))
    console.print(table)
    if preset.differs:
        console.print(f"not as there: {escape(preset.differs)}", highlight=False)


@list_app.command("degradations")
def list_degradations() -> None:
    """Show all degradations of ``bench run --degrade``."""
    from ..protocol.degradations import degradations

    table = Table(Column("name", no_wrap=True), "at strength 1", "strength", box=None, header_style="bold")
    for each in degradations.items().values():
        table.add_row(escape(each.name), escape(each.text), f"0…{each.most:g}")
    Console().print(table)


def print_plan(plan: Plan, console: Console) -> None:
    """Show the cells of a plan and which of them are done."""
    from ..plan.resolve import protocol_of
    from ..protocol.presets import name_of

    table = Table("cell", "method", "seed", "state", box=None, header_style="bold")
    for cell in plan.cells:
        status = cell.status()
        state = f"cannot run: {cell.problem}" if cell.problem else (status or {"status": "to do"})["status"]
        table.add_row(cell.key, escape(f"{cell.label}{cell.condition}"), str(cell.seed), escape(state))
    request, protocol = plan.request, protocol_of(plan.request)
    what = (
        f"{counted(len(plan.photos), f'{request.split} photo')} of {request.dataset}, protocol "
        f"{name_of(protocol, request.protocol)} ({protocol.digest}), budget {request.budget}, "
        f"{request.device}, into {request.out}"
    )
    console.print(Text(what), soft_wrap=True)
    console.print(table)
