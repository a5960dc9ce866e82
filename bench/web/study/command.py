"""The work of ``bench study``: serves the page and shows the fool rates."""

import signal
from pathlib import Path

from rich.table import Table
from rich.text import Text

from ....extras import require
from ....reports.analysis.preferences import read_preferences
from ....reports.analysis.study import DATABASE, read_study
from ....reports.analysis.summary import summarize
from ....reports.blocks import Table as Rates
from ....reports.sections.human_study import rates_table
from ....reports.sections.preferences import scores_table
from ....reports.tables import read_results
from ....wording import counted
from ...cli.console import Console
from ..hosts import listen, url_of
from .votes import favourites


def serve(
    folder: Path,
    *,
    methods: str | None,
    duels: bool,
    practice: int,
    trials: int,
    exposure: float,
    host: str,
    port: int,
) -> None:
    """Serve a run's study until it is interrupted, then show the fool rates.

    Raises `UserError` if Flask or waitress is not installed, the run has no pictures, or the port is taken.
    """
    require("a study", "study", "flask", "waitress")
    from waitress.server import create_server

    from .answers import Answers
    from .page import Page, make_app
    from .trials import find_duels, find_pairs

    console = Console()
    results = read_results(folder)
    pairs = find_pairs(results, methods)
    between = find_duels(results, pairs) if duels else []
    answers = Answers(folder / DATABASE, exposure)
    app = make_app(Page(folder, pairs, answers, practice, trials, between), host)
    listening = listen(host, port)
    server = create_server(
        app,
        sockets=[listening],
        connection_limit=200,
        channel_timeout=30,  # seconds of silence before a connection is closed
        max_request_header_size=1 << 14,
        max_request_body_size=1 << 14,
    )
    photos, names = {pair.photo for pair in pairs}, {pair.method for pair in pairs}
    shown = f"{counted(len(photos), 'photo')} by {counted(len(names), 'method')}"
    if between:
        shown = f"{counted(len(between), 'pair')} of two methods, {shown}"
    console.print(Text(f"{shown}; answers go into {folder / DATABASE}"), soft_wrap=True)
    console.print(Text(f"study: {url_of(host, listening)} (Ctrl-C to stop)"), soft_wrap=True)
    for number in (signal.SIGINT, signal.SIGTERM):  # shells start background jobs with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        server.run()
    finally:
        server.close()
    print_rates(folder, console)


def print_rates(folder: Path, console: Console) -> None:
    """Show a study's fool rates and preferences, and the favourites that visitors of ``bench demo`` chose.

    Raises `UserError` if the run or its study cannot be read.
    """
    results = read_results(folder)
    summary = summarize(results)
    study = read_study(results, summary)
    for label, (chosen, shown) in favourites(folder / DATABASE).items():
        console.print(
            Text(f"{label}: favourite in {chosen} of {counted(shown, 'comparison')}"), soft_wrap=True
        )
    preferences = read_preferences(results, summary)
    if study is None and preferences is None:
        console.print("no answers yet")
    if study is not None:
        _show(rates_table(study, summary), console)
        given = f"{counted(study.answers, 'answer')} of {counted(study.participants, 'participant')}"
        how = f"50% means indistinguishable from real; bench report {folder} adds them to the report"
        console.print(Text(f"{given}; {how}"), soft_wrap=True)
    if preferences is not None:
        _show(scores_table(preferences, summary), console)
        people = counted(preferences.participants, "participant")
        given = f"{counted(preferences.choices, 'choice')} between methods by {people}"
        console.print(Text(f"{given}; bench report {folder} adds them to the report"), soft_wrap=True)


def _show(rates: Rates, console: Console) -> None:
    """Print a table of methods."""
    table = Table("method", box=None, header_style="bold")
    for column in rates.columns:
        table.add_column(column.title, justify="right")
    for row in rates.rows:
        table.add_row(*map(Text, (row.label, *(entry.text for entry in row.entries))))
    console.print(table)
