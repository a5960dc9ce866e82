"""``bench check``."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import Console
from .options import Plugins


def check(
    name: Annotated[str, typer.Argument(help="A method, with parameters if need be.")], plugin: Plugins = None
) -> None:
    """Run the conformance suite on one method."""
    from ...plugins import load_plugin
    from ..conformance import print_checks

    for path in plugin or ():
        load_plugin(path)
    if not print_checks(name, Console()):
        raise typer.Exit(1)
