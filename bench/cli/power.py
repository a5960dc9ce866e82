"""``bench power``."""

from math import inf
from typing import Annotated

import typer

from ... import UserError
from .console import Console


def power(
    photos: Annotated[
        list[int] | None, typer.Option(min=2, help="A number of photos; repeat for more rows.")
    ] = None,
    deviation: Annotated[
        list[float] | None,
        typer.Option(
            min=0, help="A standard deviation of the differences over photos; repeat for more columns."
        ),
    ] = None,
    methods: Annotated[int, typer.Option(min=2, help="Number of compared methods.")] = 16,
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds of every method.")] = 1,
    between: Annotated[float, typer.Option(min=0, help="Standard deviation between seeds.")] = 0.0,
) -> None:
    """Show the smallest difference from the best method that a run would find with a power of 80%."""
    from rich.table import Table

    if any(not 0 < each < inf for each in deviation or ()):
        raise UserError("--deviation must be above 0, and finite")
    if between and seeds < 2:
        raise UserError("--between is about several seeds: add --seeds 3, for example")

    from ...reports.analysis.power import smallest_differences

    table = smallest_differences(
        list(dict.fromkeys(photos or [30, 119, 300, 1000, 3000])),
        list(dict.fromkeys(deviation or [0.5, 1.0, 2.0, 4.0])),
        methods=methods,
        seeds=seeds,
        between=between,
    )
    shown = Table("photos", *(f"SD {column:g}" for column in table), box=None, header_style="bold")
    for count, row in table.iterrows():
        shown.add_row(f"{count:,}", *(f"{value:.2f}" for value in row))
    trained = "one training each" if seeds == 1 else f"{seeds} seeds each, SD {between:g} between them"
    console = Console()
    console.print(shown)
    console.print(f"[dim]{methods} methods, {trained}; SD and differences are in the metric's unit")
