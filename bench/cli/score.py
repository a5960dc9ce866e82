"""``bench score``."""

from pathlib import Path
from typing import Annotated

import typer

from . import completion
from .console import Console
from .options import Jobs, Plugins


def score(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="A run with --keep-predictions all.", autocompletion=completion.runs
        ),
    ],
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Metrics, separated by commas.  [default: the run's]", autocompletion=completion.metrics
        ),
    ] = None,
    data_root: Annotated[Path | None, typer.Option(help="Current folder or archive of the photos.")] = None,
    jobs: Jobs = 1,
    plugin: Plugins = None,
) -> None:
    """Score a run's kept predictions again, without running methods; replace its tables and report."""
    from ...reports.tables import read_results
    from ..rescore import rescore
    from .progress import LiveProgress
    from .run import end

    names = None if metrics is None else [name.strip() for name in metrics.split(",")]
    before, console = read_results(folder.resolve()), Console()
    with LiveProgress(console) as progress:
        results, report = rescore(before, names, data_root, plugin or (), jobs, progress)
    end(results, report, console)
