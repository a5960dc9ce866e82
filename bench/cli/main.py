"""The command ``bench``: its subcommands and its error handling.

Heavy libraries are imported inside the commands, so ``bench --help`` answers at once.
"""

import io
import os
import re
import sys
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.text import Text
from typer.core import TyperGroup

from ... import UserError, __version__
from .ablation import ablation
from .check import check
from .clean import clean
from .colorize import colorize
from .compare import compare
from .console import Console
from .datasets import datasets_app
from .demo import demo
from .export import export
from .figure import figure
from .listing import list_app
from .merge import merge
from .models import models_app
from .power import power
from .report import report
from .run import EXAMPLES, run
from .score import score
from .sensitivity import sensitivity
from .site import site
from .speed import speed
from .study import study
from .weights import weights_app

_HOME = re.compile(r"(?<![^=:,])~(?=/|$)")
"""The home folder in an argument: shells do not expand it after ``=`` and ``:``."""


class _Commands(TyperGroup):
    """The commands; typer takes any EOFError for Ctrl-D and would print only "Aborted.".

    Typer itself never raises SystemExit here, so a SystemExit comes from a plugin, or from Rich when
    nobody reads its output any more.
    """

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except EOFError as error:
            raise RuntimeError("a file ends too early; the traceback above shows where it is read") from error
        except SystemExit as error:
            if isinstance(error.__context__, BrokenPipeError):
                raise
            raise UserError(f"a plugin called sys.exit({error.code!r}): it must raise, or return") from error


app = typer.Typer(
    name="bench",
    cls=_Commands,
    rich_markup_mode="markdown",  # shows brackets literally
    help="Benchmark image colorization: every method, the same photos, one frozen protocol.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=EXAMPLES)(run)
for command in (
    colorize,
    demo,
    score,
    report,
    figure,
    export,
    compare,
    merge,
    site,
    study,
    clean,
    check,
    speed,
    power,
    sensitivity,
    ablation,
):
    app.command()(command)
app.add_typer(datasets_app, name="datasets")
app.add_typer(list_app, name="list")
app.add_typer(models_app, name="models")
app.add_typer(weights_app, name="weights")


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"huebench {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; a user error gives one message and exit code 2, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may lack our arrows or a photo's name
    if not sys.warnoptions:
        warnings.showwarning = _keep_quiet  # library warnings mean nothing to users; cells log theirs
    sys.argv[1:] = [_HOME.sub(lambda _: str(Path.home()), argument) for argument in sys.argv[1:]]
    try:
        _refuse_empty(sys.argv[1:])
        app()
    except UserError as error:
        _complain(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        path = error.filename2 or error.filename
        if path is None:  # not about a file: a bug of ours
            raise
        _complain(f"cannot use '{path}': {error.strerror}; use another path, or fix that one")


def _refuse_empty(arguments: Sequence[str]) -> None:
    """Raise `UserError` if an argument is empty: as a path it would be the current folder."""
    for before, argument in pairwise(("", *arguments)):
        if not argument or re.fullmatch(r"--[\w-]+=", argument):
            place = argument.rstrip("=") or (
                f"the argument after {before}" if before else "the first argument"
            )
            raise UserError(f"{place} is empty: give a value, or leave it out (is a shell variable unset?)")


def _keep_quiet(*_: object, **__: object) -> None:
    """Show no warning."""


def _complain(message: str) -> NoReturn:
    text = Text.assemble(("error:", "bold red"), f" {message}")
    Console(stderr=True).print(text, soft_wrap=True)
    sys.exit(2)
