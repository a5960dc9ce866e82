"""The terminal output of all commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console as RichConsole
from rich.console import ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment

from ...reports.text import printable

if TYPE_CHECKING:
    from rich.progress import Progress


class Console(RichConsole):
    """A console that shows control characters in names and messages instead of sending them."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as rich does; rich's own control codes are kept."""
        for segment in super().render(renderable, options):
            text: Any = segment.text
            yield segment if segment.control else Segment(printable(text), segment.style)


@contextmanager
def activity(console: RichConsole, what: str) -> Iterator[None]:
    """Show what is being done while the block runs; without a terminal, one line."""
    if not console.is_terminal:
        console.print(f"{what} …", style="dim", markup=False, highlight=False, soft_wrap=True)
        yield
        return
    with console.status(escape(what)):
        yield


@contextmanager
def percent_progress(console: RichConsole) -> Iterator[Progress]:
    """Show bars with percentages while the block runs."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield progress
