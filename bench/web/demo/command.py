"""The work of ``bench demo``: prepares the methods and serves the page."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from rich.text import Text

from ....extras import require
from ....reports.analysis.study import DATABASE
from ....reports.tables import read_results
from ...cli.console import Console
from ...colorize.library import vips
from ...plan.request import Request
from ..hosts import listen, url_of
from .batch import Limits
from .choices import OfferedMethod, offered
from .guard import guarded
from .workspace import workspace

PATIENCE: Final = 2
"""Seconds that open connections get when the server ends."""

OFFLINE: Final = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "GRADIO_SSR_MODE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}
"""Environment variables that keep Gradio and its libraries from asking other machines."""


def serve(
    names: str | None,
    run: Path | None,
    request: Request,
    limits: Limits,
    *,
    keep: float,
    host: str,
    port: int,
) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    names
        Names of methods; see `huebench.bench.web.demo.choices.offered`.
    run
        A run folder whose trained methods are offered, and whose study keeps the votes.
    request
        Device, and the dataset of reference photos.
    limits
        What visitors may ask for.
    keep
        Seconds that uploads and results are kept.
    host, port
        Where to serve.

    Raises
    ------
    UserError
        If Gradio is not installed, a method cannot be used, or the port is taken.
    """
    require("the page", "demo", "gradio", "fastapi", "uvicorn")
    vips()
    console = Console()
    listening = listen(host, port)
    for number in (signal.SIGINT, signal.SIGTERM):  # shells start background jobs with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    with workspace(keep) as folder, _private(folder):
        import uvicorn

        from .page import make_page

        choices = _prepare(names, run, request, console)
        page = make_page(choices, folder, limits, None if run is None else run / DATABASE)
        config = uvicorn.Config(
            guarded(page, host),
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=PATIENCE,
        )
        console.print(Text(f"demo: {url_of(host, listening)} (Ctrl-C to stop)"), soft_wrap=True)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def _prepare(names: str | None, run: Path | None, request: Request, console: Console) -> list[OfferedMethod]:
    """Return the methods to offer, and show them."""
    results = None if run is None else read_results(run)

    def say(text: str) -> None:
        console.print(Text(text), soft_wrap=True)

    say("preparing the methods")
    choices = offered(names, request, results, say)
    for choice in choices:
        say(f"  {choice.row}")
    return choices


@contextmanager
def _private(folder: Path) -> Iterator[None]:
    """Keep temporary files in a folder and libraries off the network, while the block runs."""
    settings = OFFLINE | {"GRADIO_TEMP_DIR": str(folder / "uploads")}
    before, temporary = dict(os.environ), tempfile.tempdir
    os.environ.update(settings)
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = temporary
        os.environ.clear()
        os.environ.update(before)
