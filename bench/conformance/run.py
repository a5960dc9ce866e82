"""Running all checks on a method, and showing what came of them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ... import UserError
from ...methods.spec import MethodSpec, parse_specs
from ...plugins import RAISED
from .checks import CHECKS, CheckFailedError, CheckSkippedError
from .subject import Subject, TinyDataset


@dataclass(frozen=True)
class CheckOutcome:
    """The outcome of one check: its `name`, its `result`, and in `detail` why it failed or was skipped."""

    name: str
    result: Literal["passed", "failed", "skipped"]
    detail: str = ""


def run_checks(spec: MethodSpec) -> list[CheckOutcome]:
    """Run all `CHECKS` on a method."""
    try:
        reason = spec.missing()
    except UserError:  # a wrong parameter
        raise
    except RAISED as error:  # whatever a method raises is a failed check
        return [CheckOutcome(name, "failed", f"{type(error).__name__}: {error}") for name in CHECKS]
    if reason:
        return [CheckOutcome(name, "skipped", reason) for name in CHECKS]
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(spec, TinyDataset(), Path(folder))
        return [_run_check(name, subject) for name in CHECKS]


def print_checks(text: str, console: Console) -> bool:
    """Run the suite on the methods named in a text, show the outcomes, and return whether all passed."""
    marks = {"passed": "[green]passed", "failed": "[red]failed", "skipped": "[yellow]skipped"}
    sound = True
    for spec in parse_specs(text):
        table = Table(
            "check",
            "result",
            "",
            title=escape(spec.name),
            box=None,
            header_style="bold",
            title_justify="left",
        )
        for outcome in run_checks(spec):
            sound = sound and outcome.result != "failed"
            table.add_row(outcome.name, marks[outcome.result], escape(outcome.detail))
        console.print(table)
    return sound


def _run_check(name: str, subject: Subject) -> CheckOutcome:
    try:
        CHECKS[name](subject)
    except CheckSkippedError as skipped:
        return CheckOutcome(name, "skipped", str(skipped))
    except CheckFailedError as failed:
        return CheckOutcome(name, "failed", str(failed))
    except RAISED as error:  # whatever a method raises is a failed check
        return CheckOutcome(name, "failed", f"{type(error).__name__}: {error}")
    return CheckOutcome(name, "passed")
