"""``bench run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ... import UserError
from ..plan.request import MACHINE, RESULTS, Request
from . import completion
from .console import Console, activity
from .options import takes_request

if TYPE_CHECKING:
    from ...reports.tables import Results


EXAMPLES = """
**Examples**

    bench run --methods all                                         # the built-in photos
    bench run --methods classical,encoder-decoder[epochs=20] --dataset folder:my/photos
    bench run --methods deep --dataset landscapes --data-root path/to/photos --budget long
    bench run --methods all --protocol zhang2016 --limit 100 --dry-run
    bench run --methods all --rerun failed

The same command again computes only what is missing. The exit code is 1 if a method failed.
"""
"""Shown at the end of ``bench run --help``."""


@takes_request
def run(
    request: Request,
    rerun: Annotated[
        str,
        typer.Option(
            metavar="failed|METHOD|all",
            help="Recompute these from scratch.",
            autocompletion=completion.rerun,
            rich_help_panel=RESULTS,
        ),
    ] = "",
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first failure.", rich_help_panel=MACHINE)
    ] = False,
    collect: Annotated[
        bool,
        typer.Option(
            "--collect",
            help="Run nothing; write tables and report from finished cells.",
            rich_help_panel=RESULTS,
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the cells and exit.", rich_help_panel=MACHINE)
    ] = False,
) -> None:
    """Run methods on a dataset, score them, and write tables and a report."""
    from ..executors.runner import choose_executor
    from ..plan.plan import make_plan, unused_hints, weights_to_get
    from ..run import InterruptedRun, execute
    from .listing import print_plan
    from .progress import LiveProgress

    console = Console()
    if collect and rerun:
        raise UserError("--collect runs nothing, but --rerun runs cells: leave one out")
    with activity(console, f"reading the list of photos of {request.dataset}"):
        plan = make_plan(request)
    if unused := unused_hints(plan):
        console.print(unused, soft_wrap=True, highlight=False, markup=False)
    if dry_run:
        print_plan(plan, console)
        return
    executor = None if collect else choose_executor(plan.request)
    for fact, value in plan.dataset.facts().items():
        if isinstance(value, dict):  # a fingerprint per shard, for run.json
            continue
        console.print(Text(f"{fact} of {request.dataset}: {value}"), soft_wrap=True)
    if absent := weights_to_get(plan.cells):
        console.print(
            f"pretrained weights not on this machine: {', '.join(absent)}; methods go on without them. "
            f"To fetch them first: bench weights get {' '.join(absent)}",
            soft_wrap=True, highlight=False, markup=False,
        )  # fmt: skip
    try:
        with LiveProgress(console) as progress:
            results, report = execute(plan, executor, progress, rerun=rerun, fail_fast=fail_fast)
    except KeyboardInterrupt as error:
        reported = isinstance(error, InterruptedRun)
        done = "kept and reported" if reported else "kept but not reported: --collect writes the report"
        console.print(f"interrupted: finished work is {done}; the same command resumes from there")
        raise typer.Exit(130) from None
    end(results, report, console)


def end(results: Results, report: object, console: Console) -> None:
    """Show results and the report's path.

    The exit code is 1 if a method failed, or there was nothing to score; a skipped method is not a failure.
    """
    from ...reports.report import print_results

    print_results(results, console)
    console.print(Text(f"report: {report}"), soft_wrap=True)
    cells, images = results.cells, results.images[results.images["status"].isin(["ok", "left out"])]
    grey = images["near_grey"].eq(True) | images["status"].eq("left out")
    colourless = len(images) > 0 and bool(grey.all())
    if colourless:
        console.print("nothing to score: the photos have no colour; `bench colorize` colorizes them")
    if colourless or set(cells["status"]) - {"ok", "skipped"} or not cells["scored"].any():
        raise typer.Exit(1)
