"""``bench colorize``."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from ... import UserError
from ...extras import require
from ...methods import Budget
from ..colorize.settings import SIZES, Settings
from ..plan.machine import threads_available
from ..plan.request import Device, Request
from . import completion
from .console import Console
from .options import Plugins, takes_settings

if TYPE_CHECKING:
    from ..colorize.colorist import Colorist
    from ..colorize.film_reading import Span
    from ..colorize.job import Job, PhotoOutcome
    from ..colorize.sources import PhotoSource


MOST_JOBS: Final = 8
"""Most photos at a time unless ``--jobs`` says so: each takes memory."""


@takes_settings
def colorize(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Photos, films, folders, glob patterns or zip archives."),
    ],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the colorized photos.")] = Path(
        "colorized"
    ),
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Look into sub-folders.")] = False,
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Methods, as for bench run; several make a folder for each.",
            autocompletion=completion.methods,
        ),
    ] = None,
    from_run: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="RUN",
            help="Use the trained methods of a run; by default its best one.",
            autocompletion=completion.runs,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(metavar="FILE|FOLDER", help="Use an ONNX or TorchScript file, or an exported model."),
    ] = None,
    *,
    settings: Settings,
    render_factor: Annotated[
        int | None, typer.Option(min=1, max=256, help="--size in steps of 16 pixels, as in DeOldify.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(metavar="PHOTO", help="Colour photo for methods that need a reference.")
    ] = None,
    smooth: Annotated[
        bool, typer.Option("--smooth", help="Films: average each frame's colours with those before it.")
    ] = False,
    start: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Films: begin here.")] = 0.0,
    end: Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="Films: end here.")] = None,
    preview: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Films: stop after this many seconds.")
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUES", help="Try several: size=192,256,384 or strength=0.8,1,1.2."),
    ] = None,
    format_: Annotated[
        Literal["keep", "jpeg", "png", "tiff", "webp"],
        typer.Option("--format", help="Format of the outputs."),
    ] = "keep",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Add a contact sheet, and index.html with sliders.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Photos to work on at a time.  [default: one per core, up to 8]"),
    ] = None,
    timings: Annotated[
        bool, typer.Option("--timings", help="Print photos/s, and the share of time in each stage.")
    ] = False,
    device: Annotated[Device, typer.Option(help="Device for deep methods.")] = "auto",
    train_on: Annotated[
        str, typer.Option(metavar="NAME[:PATH]", help="Dataset that --method learns from.")
    ] = "samples",
    budget: Annotated[Budget, typer.Option(help="Length of training for --method.")] = "quick",
    _plugins: Plugins = None,
) -> None:
    """Colorize your own photos. Their lightness stays as it is; only colour is added.

    Colours are guesses, not history. Every output says in its XMP that it was colorized, and by what.

    Examples
    --------
        bench colorize scans
        bench colorize scans --from runs/landscapes
        bench colorize "box 1" album.zip --method pixel-knn --out colours
        bench colorize scans --method pixel-knn,histogram-matching --compare
        bench colorize film.mp4 --smooth --preview 5
        bench colorize portrait.jpg --from runs/landscapes --grid size=192,256,384

    The same command again colorizes only what is missing. The exit code is 1 if a photo failed.
    """
    from ...datasets.films import require_films
    from ..colorize.compare import write_comparison
    from ..colorize.film import is_film, smoothed
    from ..colorize.job import Job, written
    from ..colorize.library import vips
    from ..colorize.sources import find_sources
    from ..colorize.variants import variants_of

    vips()
    if settings.size is not None and render_factor:
        raise UserError("--size and --render-factor are two names for one thing: leave one out")
    console = Console()
    sources = find_sources(
        inputs,
        out,
        recursive=recursive,
        note=lambda line: console.print(Text(_one_line(line)), soft_wrap=True),
    )
    span = _span(start, end, preview)
    if any(is_film(source.path) for source in sources):
        require_films()
    else:
        _refuse_for_photos(start=start > 0, end=end, preview=preview, smooth=smooth)
    if smooth:
        require("--smooth", "video", "cv2")  # now, not after a training
    size = 16 * render_factor if render_factor else settings.size
    settings = replace(settings, size=size, reference=_reference(reference))
    request = Request.of(methods="gray", dataset=train_on, device=device, budget=budget)
    colorists = _colorists(method, from_run, model, request, console, reference=reference is not None)
    _check_reference(reference, colorists)
    if smooth:
        colorists = [smoothed(colorist) for colorist in colorists]
    variants = variants_of(colorists, settings, _grid(grid or [], size))
    most = jobs or min(MOST_JOBS, threads_available())
    job = Job(sources, variants, out, format_, overwrite, most, span)
    try:
        failed = _run(job, console, timings=timings)
    except KeyboardInterrupt:
        console.print("interrupted: finished photos are kept; the same command resumes from there")
        raise typer.Exit(130) from None
    if compare or len(variants) > 1:
        with written(out):
            paths = write_comparison(job)
        for path in paths:
            console.print(Text(f"comparison: {path}"), soft_wrap=True)
        if any(is_film(source.path) for source in sources):
            console.print("comparison: films are left out; bench demo plays them beside their originals")
    if failed:
        raise typer.Exit(1)


def _span(start: float, end: float | None, preview: float | None) -> Span:
    """Return the part of films that the options name."""
    from ..colorize.film_reading import Span

    if preview is not None:
        if end is not None:
            raise UserError("--preview and --end both say where to stop: leave one out")
        end = start + preview
    if end is not None and end <= start:
        raise UserError(
            f"the part of films from {start:g} s to {end:g} s is empty: "
            "give a later --end or a longer --preview"
        )
    return Span(start, end)


def _refuse_for_photos(**options: object) -> None:
    """Refuse the options of films that are given, where no input is a film: photos do not heed them."""
    given = [f"--{name}" for name, value in options.items() if value is not None and value is not False]
    if given:
        raise UserError(f"{', '.join(given)}: only for films, and no input is one: leave it out")


def _reference(path: Path | None) -> Any:
    """Return the reference photo's pixels, uint8 (H, W, 3)."""
    from ...datasets.base import PhotoError
    from ...datasets.decode import decode

    try:
        return None if path is None else decode(path.expanduser())
    except PhotoError as error:
        raise UserError(f"--reference '{path}': {error}") from error


def _check_reference(path: Path | None, colorists: list[Colorist]) -> None:
    """Refuse a reference photo that no method would look at."""
    if path is not None and all(each.method.info.reference == "none" for each in colorists):
        names = ", ".join(each.label for each in colorists)
        raise UserError(
            f"--reference '{path}': {names} takes no reference photo: leave it out, or name a method "
            "that does, such as --method color-transfer-welsh"
        )


def _grid(texts: list[str], size: int | None) -> dict[str, list[float]]:
    """Parse ``size=192,256`` and ``strength=0.8,1``; ``size`` is that of all, if one is given."""
    limits: dict[str, tuple[float, float]] = {"size": SIZES, "strength": (0, 1.5)}
    grid: dict[str, list[float]] = {}
    for text in texts:
        key, _, values = text.partition("=")
        try:
            grid[key] = list(dict.fromkeys(map(int if key == "size" else float, values.split(","))))
        except ValueError:
            grid[key] = []
        low, high = limits.get(key, (1, 0))
        if not grid[key] or not all(low <= value <= high for value in grid[key]):
            raise UserError(
                f"--grid '{text}': write size=192,256,384 ({SIZES[0]} to {SIZES[1]}) or "
                "strength=0.8,1,1.2 (0 to 1.5)"
            )
    if "size" in grid and size is not None:
        raise UserError(f"--grid size=… and one size of {size} are given: leave one out")
    return grid


def _colorists(
    method: list[str] | None, run: Path | None, model: Path | None, request: Request, console: Console,
    *, reference: bool,
) -> list[Colorist]:  # fmt: skip
    """Return the methods that the options name."""
    from ...reports.tables import read_results
    from ..colorize.colorist import default_name, named
    from ..colorize.from_run import best_of_run, of_run
    from ..models.spec import model_spec

    names = ",".join(method) if method else None
    if model is not None:
        if names or run:
            raise UserError("--model names the method: leave out --method and --from")
        return named(model_spec(model.expanduser()), request, reference=reference)
    if run is not None:
        results = read_results(run.expanduser())
        if names is None:
            best, figures = best_of_run(results)
            console.print(Text(f"method: {best}, the best of {run}: {figures}"), soft_wrap=True)
        return of_run(results, names, request.device)
    names = names or default_name()
    return named(names, request, reference=reference)


def _run(job: Job, console: Console, *, timings: bool) -> int:
    """Run a job, with a bar and the time left on a terminal, else a line per photo; return the failures."""
    from ..colorize.film_reading import clock
    from ..colorize.stages import Total

    progress = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), MofNCompleteColumn(),
        TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    counts = {"done": 0, "kept": 0, "failed": 0}
    spent = Total()
    start = time.perf_counter()
    with progress:
        task = progress.add_task("colorized", total=len(job.sources))

        def report(outcome: PhotoOutcome) -> None:
            counts[outcome.status] += 1
            if outcome.stages:  # a photo, not a film
                spent.add(outcome.seconds, outcome.stages)
            progress.advance(task)
            if outcome.notes or not console.is_terminal:
                progress.console.print(_line(outcome), soft_wrap=True)

        def reached(source: PhotoSource, seconds: float) -> None:
            progress.update(task, description=f"{_one_line(source.path.name)} {clock(seconds)}")

        job.run(report, reached)
    parts = {
        f"{counts['done']:,} colorized": True,
        f"{counts['kept']:,} already there": counts["kept"],
        f"{counts['failed']:,} failed": counts["failed"],
    }
    console.print(
        Text(f"{', '.join(part for part, any_ in parts.items() if any_)}: {job.out}"), soft_wrap=True
    )
    if timings and counts["done"]:
        console.print(Text(spent.text(time.perf_counter() - start)), soft_wrap=True)
    return counts["failed"]


def _line(outcome: PhotoOutcome) -> Text:
    name, notes = _one_line(str(outcome.source)), _one_line("; ".join(outcome.notes))
    match outcome.status:
        case "failed":
            return Text.assemble((f"{name}: ", ""), ("failed", "red"), f": {notes}")
        case "kept":
            return Text(f"{name}: already there" + (f"; {notes}" if notes else ""))
        case _:
            return Text(f"{name}: {outcome.seconds:.1f} s" + (f"; {notes}" if notes else ""))


def _one_line(text: str) -> str:
    r"""Return a text with its line breaks as ``\n``: a photo has one line, whatever its name."""
    return text.replace("\n", r"\n")
