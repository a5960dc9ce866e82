"""Limits to how much worse a run may be than another: ``psnr:-0.2,time:+10%``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ... import UserError
from ..tables import MetricFacts
from ..text import change_decimals, number, signed, signed_percent
from .comparison import Comparison

TIME = "time"  #: The name under which the time of a photo is limited

LIMIT = re.compile(r"(?P<name>[^:]+):(?P<sign>[+-])(?P<amount>\d+(?:\.\d*)?|\.\d+)(?P<percent>%?)")

ROUNDING = 1e-9  #: A change of just the limit is within it, however its last digit was rounded

EXAMPLE = "as in psnr:-0.2,auc:-1%,time:+10%"


@dataclass(frozen=True)
class Limit:
    """How much worse one metric, or the time of a photo, may become."""

    text: str  #: As it was typed
    name: str  #: Of the metric, or `TIME`
    falls: bool  #: Whether a fall is limited, not a rise
    amount: float  #: The largest that is allowed; a share where `relative`
    relative: bool  #: Whether it is a share of the value before

    def is_broken(self, before: float, after: float) -> bool:
        """Return whether a change is beyond the limit; a missing value never is."""
        worsening = before - after if self.falls else after - before
        allowed = self.amount * abs(before) if self.relative else self.amount
        return worsening > allowed + ROUNDING * max(abs(before), abs(after))


@dataclass(frozen=True)
class Breach:
    """A limit that a method broke."""

    method: str  #: Its label
    limit: str  #: The limit, in words
    found: str  #: The change that was found, in words
    metric: str = ""  #: Name of the metric, or ``""`` where it is not about one


def parse_limits(text: str, metrics: Mapping[str, MetricFacts]) -> tuple[Limit, ...]:
    """Read ``--fail-on``.

    Parameters
    ----------
    text
        ``NAME:CHANGE`` with commas between: a sign, a number, and ``%`` for a share of the value before.
    metrics
        Those that can be limited.

    Raises
    ------
    UserError
        If it is not of that form, names no metric of these, or its sign is the way to the better.
    """
    return tuple(_limit(part.strip(), metrics) for part in text.split(","))


def breaches(comparison: Comparison, limits: tuple[Limit, ...]) -> list[Breach]:
    """Return every limit that a method broke; one that scores fewer photos than before breaks all of them.

    Raises `UserError` if time is limited and the runs were not made on one kind of machine.
    """
    found = [
        Breach(method, "every photo as before", f"{now:,} photos scored, {was:,} before")
        for method, (was, now) in comparison.lost.items()
    ]
    for limit in limits:
        if limit.name == TIME:
            if apart := comparison.same_machine():
                raise UserError(
                    f"'{limit.text}': times are of one machine only, and these differ in {', '.join(apart)}; "
                    "leave time out, or measure both on one"
                )
            found += _slower(comparison, limit)
        else:
            found += _worse(comparison, limit)
    return found


def _limit(text: str, metrics: Mapping[str, MetricFacts]) -> Limit:
    matched = LIMIT.fullmatch(text)
    if matched is None:
        raise UserError(f"--fail-on '{text}': write NAME:CHANGE with a signed number, {EXAMPLE}")
    name, sign = matched["name"], matched["sign"]
    if name == TIME:
        if sign == "-" or not matched["percent"]:
            raise UserError(f"--fail-on '{text}': time may rise by a share of what it was, as in time:+10%")
    elif name not in metrics:
        raise UserError(
            f"--fail-on '{text}': the runs have no metric '{name}' in common; "
            f"they have {', '.join(metrics)}, and {TIME}"
        )
    else:
        worse = {"higher": "-", "lower": "+"}.get(metrics[name].direction)
        if worse is None:
            raise UserError(f"--fail-on '{text}': {name} has no better and worse, so no limit")
        if sign != worse:
            what = (
                f"for {name}, higher is better, so give the allowed decrease"
                if worse == "-"
                else f"for {name}, lower is better, so give the allowed increase"
            )
            other = text.replace(f":{sign}", f":{worse}")
            raise UserError(f"--fail-on '{text}': {what}: {other}")
    relative = bool(matched["percent"])
    return Limit(text, name, sign == "-", float(matched["amount"]) / (100 if relative else 1), relative)


def _worse(comparison: Comparison, limit: Limit) -> list[Breach]:
    rows = comparison.changes.xs(limit.name, level="metric")
    return [
        Breach(str(method), limit.text, _found(row["before"], row["after"]), limit.name)
        for method, row in rows.iterrows()
        if limit.is_broken(float(row["before"]), float(row["after"]))
    ]


def _slower(comparison: Comparison, limit: Limit) -> list[Breach]:
    return [
        Breach(str(method), limit.text, signed_percent(row["change"]))
        for method, row in comparison.seconds.iterrows()
        if limit.is_broken(float(row["before"]), float(row["after"]))
    ]


def _found(before: float, after: float) -> str:
    decimals = change_decimals(before, after)
    change = signed(after - before, decimals)
    return f"{change} ({number(before, decimals)} → {number(after, decimals)})"
