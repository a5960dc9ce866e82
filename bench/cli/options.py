"""Command options, made from the fields of `Request` and of `Settings`."""

import dataclasses
import functools
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import typer
from pydantic import ByteSize
from pydantic.fields import FieldInfo

from ..colorize.settings import Settings
from ..plan.request import Request
from .completion import COMPLETERS


def _load_plugins(paths: list[Path] | None) -> list[Path]:
    from ...plugins import load_plugin

    for path in paths or ():
        load_plugin(path)
    return paths or []


Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", help="Python file that registers a plugin.", callback=_load_plugins),
]
"""``--plugin`` for commands without a request; the files are loaded before the command starts."""

Jobs = Annotated[int, typer.Option(min=1, help="Methods to score at a time.")]


def names(text: str) -> tuple[str, ...]:
    """Return the names in a list separated by commas, each once."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))


def takes_request(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command whose first argument is a `Request` an option per field, before its own options."""
    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    fields = Request.model_fields

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        options = {name: given.pop(name) for name in fields}
        chosen = {name: value for name, value in options.items() if value is not None}
        command(Request.of(**chosen), **given)

    return _with_parameters(with_options, [*(_parameter(*each) for each in fields.items()), *own])


def takes_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes ``settings`` an option for each of them, in the place of that argument."""
    offered = {each.name: each for each in dataclasses.fields(Settings) if each.metadata}

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in offered}
        command(settings=Settings(**chosen), **given)

    parameters: list[inspect.Parameter] = []
    for each in inspect.signature(command, eval_str=True).parameters.values():
        parameters += map(_setting, offered.values()) if each.name == "settings" else [each]
    return _with_parameters(with_options, parameters)


def _with_parameters(
    command: Callable[..., None], parameters: list[inspect.Parameter]
) -> Callable[..., None]:
    """Give a command these parameters, by name only, so that Typer reads them."""
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    command.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in named}
    return command


def _setting(field: "dataclasses.Field[Any]") -> inspect.Parameter:
    """Return the command's parameter for a setting."""
    info = typer.Option(f"--{field.name.replace('_', '-')}", **field.metadata)
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(field.name, kind, default=field.default, annotation=Annotated[field.type, info])


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    """Return the command's parameter for a field; a repeatable one has no default to show."""
    shown = Request.shown(name)
    kind, repeated = (str, False) if shown.get("listed") else _kind(field.annotation)
    info = typer.Option(
        shown.get("flag", f"--{name.replace('_', '-')}"),  # named, or a switch would get a --no-… too
        help=field.description,
        metavar=shown.get("metavar"),
        envvar=shown.get("envvar"),
        rich_help_panel=shown.get("panel"),
        autocompletion=COMPLETERS.get(shown.get("completes", "")),
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None if repeated or field.default in ("", ()) else field.default,
        annotation=Annotated[kind, info],
    )


def _kind(annotation: Any) -> tuple[Any, bool]:
    """Return the type that the command line parses, and whether the option may be repeated."""
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        (inner,) = (each for each in get_args(annotation) if each is not type(None))
        kind, repeated = _kind(inner)
        return (kind if repeated else kind | None), repeated
    if get_origin(annotation) is tuple:
        item = get_args(annotation)[0]
        if item is str:  # names, separated by commas
            return str, False
        return list[_kind(item)[0]] | None, True  # type: ignore[misc]  # known only at run time
    return (str if annotation is ByteSize else annotation), False
