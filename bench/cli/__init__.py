"""The command line: ``bench run | score | report | compare | study | list | check | speed | datasets``.

Heavy libraries are imported inside the commands, so that ``bench --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from ... import UserError, __version__
from .compare import compare
from .datasets import datasets_app
from .listing import list_app

if TYPE_CHECKING:
    import pandas as pd


class _Commands(TyperGroup):
    """The commands; typer takes any EOFError for Ctrl-D and would say no more than "Aborted."."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except EOFError as error:
            raise RuntimeError("a file ends too early; the traceback above says where it is read") from error


app = typer.Typer(
    name="bench",
    cls=_Commands,
    rich_markup_mode="markdown",  # brackets are shown as they are
    help="Benchmark image colorization: every method, the same photos, one frozen protocol.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(datasets_app, name="datasets")
app.add_typer(list_app, name="list")


class Budget(StrEnum):
    """``--budget``."""

    smoke = "smoke"
    quick = "quick"
    paper = "paper"


class Device(StrEnum):
    """``--device``."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class SplitName(StrEnum):
    """``--split``."""

    train = "train"
    validation = "validation"
    test = "test"


class Resize(StrEnum):
    """``--resize``."""

    squash = "squash"
    center_crop = "center-crop"


class KeepName(StrEnum):
    """``--keep-predictions``."""

    none = "none"
    gallery = "gallery"
    all = "all"


Plugins = Annotated[list[Path] | None, typer.Option("--plugin", help="Python file that registers a plugin.")]


@app.command()
def run(
    methods: Annotated[
        str, typer.Option(help="all, a family, or names with parameters: gray,pixel-knn[neighbours=3].")
    ] = "all",
    dataset: Annotated[
        str, typer.Option(help="A name of `bench list datasets`, or folder:PATH.")
    ] = "samples",
    data_root: Annotated[Path | None, typer.Option(help="Folder or archive that holds the photos.")] = None,
    weights_dir: Annotated[
        Path | None,
        typer.Option(
            envvar="HUEBENCH_WEIGHTS", exists=True, file_okay=False, help="Folder of pretrained weights."
        ),
    ] = None,
    split: Annotated[SplitName, typer.Option(help="Which split to score.")] = SplitName.test,
    limit: Annotated[int | None, typer.Option(min=1, help="Score at most so many photos of it.")] = None,
    seed: Annotated[
        list[int] | None, typer.Option(min=0, max=2**32 - 1, help="Seed; give several for a spread.")
    ] = None,
    budget: Annotated[Budget, typer.Option(help="How long training may be.")] = Budget.quick,
    device: Annotated[Device, typer.Option(help="Where deep methods run.")] = Device.auto,
    devices: Annotated[int, typer.Option(min=1, help="GPUs that train a deep method together.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Cells at a time; they share the threads.")] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of a machine to use.  [default: all]")
    ] = None,
    timeout: Annotated[float | None, typer.Option(min=1, help="Seconds a cell may take.")] = None,
    max_memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Memory a cell may take: 8GB, 500MiB.")
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=16, max=4096, help="Side at which to score.  [default: the dataset's]")
    ] = None,
    resize: Annotated[Resize, typer.Option(help="How photos are brought to it.")] = Resize.squash,
    metrics: Annotated[
        str | None, typer.Option(help="Metrics, comma-separated.  [default: all of `bench list metrics`]")
    ] = None,
    plugin: Plugins = None,
    out: Annotated[Path | None, typer.Option(help="Run folder.  [default: runs/DATASET]")] = None,
    keep_predictions: Annotated[
        KeepName, typer.Option(help="Whose: what the report's gallery shows, or all, for `bench score`.")
    ] = KeepName.gallery,
    rerun: Annotated[
        str, typer.Option(metavar="failed|METHOD|all", help="Compute these anew, from the start.")
    ] = "",
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="End at the first failure.")] = False,
    collect: Annotated[
        bool, typer.Option("--collect", help="Run nothing; write tables and report of what is done.")
    ] = False,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Run on the workers of this Dask scheduler.")
    ] = "",
    cluster: Annotated[
        Path | None, typer.Option(metavar="YAML", help="Start this Dask cluster and run on it.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the cells and stop.")] = False,
) -> None:
    """Run methods on a dataset, score them, and write tables and a report."""
    from ...files import WEIGHTS_VARIABLE
    from ...reports.terminal import print_results
    from ..plan.options import choose_executor, make_options
    from ..plan.plan import make_plan
    from ..run import execute
    from .progress import LiveProgress

    console = Console()
    if collect and rerun:
        raise UserError("--collect runs nothing and --rerun something: leave one out")
    if weights_dir is not None:
        os.environ[WEIGHTS_VARIABLE] = str(weights_dir.resolve())
    plan = make_plan(
        make_options(
            methods=methods, dataset=dataset, data_root=data_root, split=split.value, limit=limit,
            seeds=tuple(seed or (0,)), budget=budget.value, device=device.value, devices=devices,
            jobs=jobs, threads=threads, timeout=timeout, max_memory=max_memory, keep=keep_predictions.value,
            size=size, resize=resize.value, metrics=metrics, plugins=tuple(plugin or ()), out=out,
            remote=bool(scheduler or cluster),
        )
    )  # fmt: skip
    if dry_run:
        from .listing import print_plan

        print_plan(plan, console)
        return
    executor = None if collect else choose_executor(plan.options.threads, jobs, scheduler, cluster)
    try:
        with LiveProgress(console, len(plan.cells)) as progress:
            results, report_path = execute(plan, executor, progress, rerun=rerun, fail_fast=fail_fast)
    except KeyboardInterrupt:
        console.print("interrupted: what is done is kept and reported; the same command goes on from there")
        raise typer.Exit(130) from None
    print_results(results, console)
    console.print(Text(f"report: {report_path}"), soft_wrap=True)
    _end(results.cells)


@app.command()
def score(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run with --keep-predictions all.")],
    metrics: Annotated[
        str | None, typer.Option(help="Metrics, comma-separated.  [default: those of the run]")
    ] = None,
    data_root: Annotated[Path | None, typer.Option(help="Where the photos are now.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Methods at a time.")] = 1,
    plugin: Plugins = None,
) -> None:
    """Score a run's kept predictions anew, without running a method; replaces its tables and report."""
    from ...reports.tables import read_results
    from ...reports.terminal import print_results
    from ..rescore import rescore
    from .progress import LiveProgress

    names = None if metrics is None else [name.strip() for name in metrics.split(",")]
    before, console = read_results(folder.resolve()), Console()
    with LiveProgress(console, len(before.cells)) as progress:
        results, report_path = rescore(before, names, data_root, plugin or (), jobs, progress)
    print_results(results, console)
    console.print(Text(f"report: {report_path}"), soft_wrap=True)
    _end(results.cells)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    formats: Annotated[
        str, typer.Option("--format", help="Of md, html, latex, csv; comma-separated.")
    ] = "md",
    out: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="Where to write, with a copy of the tables, of speed.json and of a study's answers: a "
            "baseline to commit.  [default: RUN]",
        ),
    ] = None,
) -> None:
    """Write a run's report anew from its tables."""
    from ...reports.formats import write_formats
    from ...reports.speed import copy_kernels
    from ...reports.study import copy_answers
    from ...reports.tables import read_results, write_results
    from ...reports.terminal import print_results

    results = read_results(folder)
    console = Console()
    paths = write_formats(results, out or folder, [name.strip() for name in formats.split(",")])
    if out:
        copy_answers(folder, out)
        copy_kernels(folder, out)
        write_results(results, out)
    print_results(results, console)
    for path in paths:
        console.print(Text(f"report: {path}"), soft_wrap=True)


app.command()(compare)


@app.command()
def study(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder with kept pictures.")],
    methods: Annotated[
        str | None, typer.Option(help="Methods of the run to show.  [default: all but oracles]")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Pairs that a participant judges.")] = 40,
    practice: Annotated[int, typer.Option(min=1, help="Pairs before them, with feedback.")] = 10,
    exposure: Annotated[
        float, typer.Option(min=0.05, max=60, help="Seconds for which each photo is shown.")
    ] = 1.0,
    host: Annotated[
        str, typer.Option(help="Address to serve at; another than this one opens it to the network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")] = 8000,
    results: Annotated[bool, typer.Option("--results", help="Serve nothing; show the fool rates.")] = False,
) -> None:
    """Serve a page on which people tell real photos from colorized ones; the report gets the fool rate."""
    from ..web.study.command import print_rates, serve

    if results:
        print_rates(folder, Console())
        return
    serve(
        folder.resolve(), methods=methods, practice=practice, trials=trials, exposure=exposure, host=host,
        port=port,
    )  # fmt: skip


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="A method, with parameters if need be.")], plugin: Plugins = None
) -> None:
    """Run the conformance suite on one method."""
    from ...plugins import load_plugin
    from ..conformance import print_checks

    for path in plugin or ():
        load_plugin(path)
    if not print_checks(name, Console()):
        raise typer.Exit(1)


@app.command()
def speed(
    select: Annotated[
        str | None, typer.Option("--only", help="Run comparisons whose name contains this.")
    ] = None,
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the JSON is kept.")] = Path(
        "runs/speed.json"
    ),
) -> None:
    """Time every kernel beside what one would pick instead, in one run, and show the ratios."""
    from .speed import print_speed, run_suite

    run_suite(out.resolve(), select)
    print_speed(out, Console())


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"huebench {__version__}")
        raise typer.Exit


def _end(cells: pd.DataFrame) -> None:
    """End with exit code 1 if a method failed or no photo was scored; one that is skipped is no failure."""
    if set(cells["status"]) - {"ok", "skipped"} or not cells["scored"].any():
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; a mistake of the user is one message and exit code 2, never a traceback."""
    try:
        app()
    except UserError as error:
        _complain(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        path = error.filename2 or error.filename
        if path is None:  # of no file: a fault of ours
            raise
        _complain(f"cannot use '{path}': {error.strerror}; name another path, or change what is there")


def _complain(message: str) -> NoReturn:
    text = Text.assemble(("error:", "bold red"), f" {message}")
    Console(stderr=True).print(text, soft_wrap=True)
    sys.exit(2)
