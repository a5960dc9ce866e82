"""What the tabs of the page have in common: messages, progress and captions, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final

import gradio as gr

from ....reports.text import printable

WAITING: Final = "Starting. If another visitor's work is being done, yours is next."

HIDDEN: Final[dict[str, Any]] = {"show_progress": "hidden", "api_visibility": "private"}
"""Options of every event."""

HEAVY: Final[dict[str, Any]] = {"concurrency_id": "colorize", "concurrency_limit": 1}
"""Options of the events that colorize: visitors take turns."""


def visitor(request: gr.Request) -> str:
    """Return the random id of a visit."""
    return str(request.session_hash)


def message(*lines: str) -> str:
    """Return lines of text that screen readers announce."""
    return f"<div role='status'>{''.join(f'<p>{escape(line)}</p>' for line in lines)}</div>"


def waiting() -> str:
    """Return the message that is shown until the work begins."""
    return message(WAITING)


def progress(text: str, done: float, total: float) -> str:
    """Return a message over a bar of how much is done."""
    return f"{message(text)}<progress aria-label='Progress' value='{done:g}' max='{total:g}'></progress>"


def time_left(seconds: float | None) -> str:
    """Return ``, about 12 s left``; empty if it is not known yet."""
    return "" if seconds is None else f", about {_duration(seconds)} left"


def caption(label: str, seconds: float, notes: Sequence[str]) -> str:
    """Return how a result was made, how long it took, and what a visitor should know."""
    listed = "".join(f"<li>{escape(printable(each))}</li>" for each in notes)
    text = f"<p><strong>{escape(label)}</strong>, {seconds:.1f} s</p>"
    return text + (f"<ul>{listed}</ul>" if listed else "")


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 100 else f"{max(seconds, 1):.0f} s"
