"""``bench demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ... import UserError
from ..plan.request import Device, Request
from . import completion
from .options import Plugins


def demo(
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Methods to offer, as for bench run.  [default: all that need no training]",
        ),
    ] = None,
    from_run: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="RUN",
            help="Offer the trained methods of a run, with its figures.",
            autocompletion=completion.runs,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(metavar="FILE|FOLDER", help="Offer an ONNX or TorchScript file, or an exported model."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to serve on; 0.0.0.0 exposes the page to the network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any free one.")] = 7860,
    max_photos: Annotated[int, typer.Option(min=1, help="Most photos at a time.")] = 50,
    max_megabytes: Annotated[float, typer.Option(min=0.001, help="Largest file, in MB.")] = 100,
    max_megapixels: Annotated[float, typer.Option(min=0.001, help="Largest photo, in megapixels.")] = 100,
    max_seconds: Annotated[
        float, typer.Option(min=1, help="Most time for the photos, or the film, of one visitor, in seconds.")
    ] = 1800,
    max_film_seconds: Annotated[float, typer.Option(min=0.1, help="Longest film, in seconds.")] = 60,
    max_film_megapixels: Annotated[
        float, typer.Option(min=0.001, help="Largest frame of a film, in megapixels.")
    ] = 2.1,
    keep: Annotated[
        float, typer.Option(min=1, help="Minutes after which uploads and results are deleted.")
    ] = 60,
    device: Annotated[Device, typer.Option(help="Device for deep methods.")] = "auto",
    _plugins: Plugins = None,
) -> None:
    """Serve a page where people colorize their own photos and films, on this machine and without a network.

    Drop photos, choose methods, compare before and after with a slider, and download everything as a ZIP.
    Short films, in a tab of their own, need the extra video. Colours are guesses, not history.

    Examples
    --------
        bench demo
        bench demo --from runs/landscapes
        bench demo --method huebench-small,histogram-matching --port 0

    Uploads and results are deleted after an hour (--keep), and when you press Ctrl-C. With --from, visitors
    can keep their favourites as votes in the run's study; bench study RUN --results shows them.
    """
    from ..models.spec import model_spec
    from ..web.demo.batch import Limits
    from ..web.demo.command import serve

    if model is not None and (method or from_run):
        raise UserError("--model names the method: leave out --method and --from")
    if 60 * keep < max_seconds:
        raise UserError(
            f"--keep {keep:g} is shorter than --max-seconds {max_seconds:g}: results would be deleted while "
            "they are made; give more minutes, or fewer seconds"
        )
    names = model_spec(model.expanduser()) if model else ",".join(method) if method else None
    limits = Limits(
        max_photos, int(2**20 * max_megabytes), int(1e6 * max_megapixels), max_seconds,
        max_film_seconds, int(1e6 * max_film_megapixels),
    )  # fmt: skip
    request = Request.of(methods="gray", dataset="samples", device=device)
    run = from_run.expanduser() if from_run else None
    serve(names, run, request, limits, keep=60 * keep, host=host, port=port)
