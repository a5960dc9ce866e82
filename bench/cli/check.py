"""``bench check``."""

from typing import Annotated

import typer

from . import completion
from .console import Console
from .options import Plugins


def check(
    name: Annotated[
        str, typer.Argument(help="A method, optionally with parameters.", autocompletion=completion.method)
    ],
    _plugins: Plugins = None,
) -> None:
    """Run the conformance suite on one method."""
    from ..conformance.run import print_checks

    if not print_checks(name, Console()):
        raise typer.Exit(1)
