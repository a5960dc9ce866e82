"""Methods as named on the command line: ``name[key=value,...]``, or ``row=name[...]`` to name its row."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

from pydantic import ValidationError

from .. import UserError
from ..wording import describe_faults
from .base import Method, methods
from .info import FAMILIES

_QUOTED = r'"(?:[^"]|"")*"'
_ROW = r"\w(?:[\w .+()-]{0,38}[\w.+)])?"
_SPEC = re.compile(rf'\s*(?:({_ROW})\s*=\s*)?([^\[\],\s]+)\s*(?:\[((?:{_QUOTED}|[^"\]])*)\])?\s*(?:,|$)')
_PARAMETER = re.compile(rf'(?:{_QUOTED}|[^",])+')

_RESERVED = {"all", "truth", "input", "oracle"}
"""Words that tables, galleries and `parse_specs` use themselves."""

QUOTING = 'quote a value with a comma or a bracket: external[file="a,b.onnx"] ("" stands for one ")'


@dataclass(frozen=True)
class MethodSpec:
    """A method's name with the parameters given for it.

    Attributes
    ----------
    name
        The registered name.
    parameters
        Values as text by parameter; `build` checks and converts them.
    row
        The name that was given to its row; ``""`` for none.
    """

    name: str
    parameters: dict[str, str] = field(default_factory=dict)
    row: str = field(default="", repr=False, compare=False)

    @property
    def label(self) -> str:
        """The name of its row in tables: the one given, else the method as typed.

        >>> MethodSpec("external", {"size": "64", "file": "a,b.onnx"}).label
        'external[size=64,file="a,b.onnx"]'
        """
        inside = ",".join(f"{key}={_text(value)}" for key, value in self.parameters.items())
        return self.row or (f"{self.name}[{inside}]" if inside else self.name)

    def build(self) -> Method:
        """Return the method; a wrong parameter raises `UserError`."""
        cls = methods.get(self.name)
        try:
            return cls(**self.parameters)
        except ValidationError as error:
            known = ", ".join(cls.Parameters.model_fields) or "none"
            raise UserError(
                f"method '{self.name}': {describe_faults(error)} (its parameters: {known})"
            ) from error

    def missing(self) -> str:
        """Return why the method cannot run here, in one line that says what to do, or ``""`` if it can."""
        for module, extra in methods.get(self.name).info.requires.items():
            if find_spec(module) is None:
                return f"needs {module}: pip install 'huebench[{extra}]'"
        return self.build().missing()


def required_parameters(cls: type[Method]) -> list[str]:
    """Return the parameters without a default, such as ``file`` of ``external``."""
    return [name for name, parameter in cls.Parameters.model_fields.items() if parameter.is_required()]


def label(method: Method) -> str:
    """Return the method's name with the parameters that differ from their defaults.

    Two methods have the same label exactly if they have the same name and parameters.
    """
    given = method.parameters.model_dump(mode="json", exclude_defaults=True)
    inside = ",".join(f"{key}={_text(given[key])}" for key in sorted(given))
    return f"{method.info.name}[{inside}]" if inside else method.info.name


def parse_specs(
    text: str, *, clips: bool = True, hints: bool = True, oracles: bool = True, rows: bool = False
) -> list[MethodSpec]:
    """Parse a list of methods, keeping the order and dropping duplicates.

    Parameters
    ----------
    text
        ``all``, a family, or names with parameters, separated by commas. A value with a comma, a bracket or a
        quotation mark must be quoted; quotation marks inside are doubled. ``all`` and families leave out
        methods with a parameter that has no default (`required_parameters`); those must be named.
        ``model:FOLDER`` is short for ``model[folder=FOLDER]``.
    clips
        Whether ``all`` and families include the methods that are for clips only.
    hints
        Whether ``all`` includes the methods that colour by hints only, those of the family ``hinted``.
    oracles
        Whether ``all`` and families include the methods that see the truth.
    rows
        Whether methods may name their rows: ``mine=external[file=net.onnx]``. A method that is listed both
        with a name and without, as in ``all,mine=gray``, has the name.

    Raises
    ------
    UserError
        If the text cannot be read, a name is unknown, parameters are given to ``all`` or a family, or a row's
        name is given where it may not be, or is taken.

    Examples
    --------
    >>> parse_specs("gray, pixel-knn[neighbours=3]")
    [MethodSpec(name='gray', parameters={}), MethodSpec(name='pixel-knn', parameters={'neighbours': '3'})]
    """
    specs: list[MethodSpec] = []
    position = 0
    while position < len(text):
        match = _SPEC.match(text, position)
        if match is None:
            raise UserError(
                f"cannot read the methods '{text[position:]}'; write all, a family ({', '.join(FAMILIES)}) "
                f"or names such as gray,pixel-knn[neighbours=3]; {QUOTING}"
            )
        row, name = match[1] or "", match[2]
        expanded = _expand(name, _parameters(match[3] or "", name), clips=clips, hints=hints, oracles=oracles)
        if row:
            _check_row(row, name, [spec.row for spec in specs], allowed=rows)
        specs += [replace(spec, row=row) for spec in expanded]
        position = match.end()
    if not specs:
        raise UserError(f"no method in '{text}'; write all, a family, or names from `bench list methods`")
    return [_named(spec, specs) for i, spec in enumerate(specs) if spec not in specs[:i]]


def _named(spec: MethodSpec, specs: list[MethodSpec]) -> MethodSpec:
    """Return a method with the name of its row, which may be given at another place of the list."""
    rows = list(dict.fromkeys(each.row for each in specs if each == spec and each.row))
    if len(rows) > 1:
        raise UserError(f"'{spec.name}' would have two rows, {' and '.join(rows)}: choose one name")
    return replace(spec, row=rows[0]) if rows else spec


def _check_row(row: str, name: str, others: list[str], *, allowed: bool) -> None:
    """Refuse a name for a row that would be ambiguous in tables, or where rows have no names."""
    if not allowed:
        raise UserError(f"'{row}={name}': only `bench run` names rows; write {name}")
    if name in {"all", *FAMILIES}:
        raise UserError(f"'{row}={name}': a name is for one method, and '{name}' stands for several")
    if row in others:
        raise UserError(f"two methods would have the row '{row}': choose another name for one")
    if row in _RESERVED or row in FAMILIES or (row != name and row in methods.items()):
        raise UserError(f"'{row}={name}': tables use '{row}' for something else; choose another name")


def _expand(
    name: str, parameters: dict[str, str], *, clips: bool, hints: bool, oracles: bool
) -> list[MethodSpec]:
    kind, colon, folder = name.partition(":")
    if colon and kind == "model":
        return [MethodSpec(kind, {"folder": folder, **parameters})]
    if parameters and name in {"all", *FAMILIES}:
        given = ",".join(f"{key}={value}" for key, value in parameters.items())
        raise UserError(
            f"'{name}' takes no parameters; write [{given}] after the name of each method that needs them"
        )
    registered = methods.items()
    fitting = {
        each: cls
        for each, cls in registered.items()
        if (clips or not cls.info.clips) and (oracles or not cls.info.oracle)
    }
    ready = [each for each, cls in fitting.items() if not required_parameters(cls)]
    if name == "all":
        # A plugin that cannot be imported is included, so that the run shows it as a failure.
        wanted = [each for each in ready if hints or fitting[each].info.family != "hinted"]
        return [MethodSpec(each) for each in _in_table_order([*wanted, *methods.broken])]
    if name in FAMILIES:
        family = [each for each in ready if registered[each].info.family == name]
        return [MethodSpec(each) for each in _in_table_order(family)]
    if "=" in name:
        row = name.partition("=")[0]
        raise UserError(
            f"'{row}' cannot name a row: write up to 40 letters, digits, spaces or any of _ . + - ( ), "
            "the first a letter or a digit"
        )
    if name not in methods.broken:
        methods.get(name)
    return [MethodSpec(name, parameters)]


def _in_table_order(names: list[str]) -> list[str]:
    registered = methods.items()

    def rank(name: str) -> tuple[int, str]:
        family = registered[name].info.family if name in registered else FAMILIES[-1]
        return FAMILIES.index(family), name

    return sorted(names, key=rank)


def _parameters(text: str, name: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for pair in filter(None, map(str.strip, _PARAMETER.findall(text))):
        key, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"method '{name}': not a parameter: '{pair}'; write {name}[key=value]; {QUOTING}")
        if key.strip() in parameters:
            raise UserError(f"method '{name}': parameter '{key.strip()}' is given twice")
        parameters[key.strip()] = _unquoted(value.strip())
    return parameters


def _text(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    plain = not re.search(r'[,\]"]', text) and text == text.strip()
    return text if plain else '"' + text.replace('"', '""') + '"'


def _unquoted(value: str) -> str:
    return value[1:-1].replace('""', '"') if re.fullmatch(_QUOTED, value) else value
