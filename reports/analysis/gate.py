"""Limits on how much worse a run may be than another: ``psnr:-0.2,time:+10%``.

A value that is missing, not finite, or from fewer photos than before breaks its limit.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ... import UserError
from ..tables import MetricFacts
from ..text import change_decimals, counted, number, signed, signed_percent
from .comparison import Comparison

LIMIT = re.compile(r"(?P<name>[^:]+):(?P<sign>[+-])(?P<amount>\d+(?:\.\d*)?|\.\d+)(?P<percent>%?)")

ROUNDING = 1e-9  #: Tolerance, so that a change equal to the limit is allowed despite rounding

EXAMPLE = "as in psnr:-0.2,auc:-1%,time:+10%"

COSTS = {"time": "times are", "memory": "memory is"}
"""The tables of `Comparison.costs`, which can be limited → subject and verb for messages."""


@dataclass(frozen=True)
class Limit:
    """The allowed change of one metric or cost for the worse."""

    text: str  #: As typed
    name: str  #: Name of the metric, or one of `COSTS`
    falls: bool  #: Whether a decrease is limited, not an increase
    amount: float  #: The largest allowed change; a share if `relative`
    relative: bool  #: Whether it is a share of the value before

    def is_broken(self, before: float, after: float) -> bool:
        """Return whether a change exceeds the limit; a change that is not finite always does."""
        if not (math.isfinite(before) and math.isfinite(after)):
            return True
        worsening = before - after if self.falls else after - before
        allowed = self.amount * abs(before) if self.relative else self.amount
        return worsening > allowed + ROUNDING * max(abs(before), abs(after))


@dataclass(frozen=True)
class Breach:
    """A limit that a method broke."""

    method: str  #: Its label
    limit: str  #: The limit, as text
    found: str  #: The change found, as text
    metric: str = ""  #: Name of the metric, or ``""`` if none is concerned


def parse_limits(text: str, metrics: Mapping[str, MetricFacts]) -> tuple[Limit, ...]:
    """Parse ``--fail-on``.

    Parameters
    ----------
    text
        ``NAME:CHANGE``, separated by commas: a sign, a number, and ``%`` for a share of the value before.
    metrics
        The metrics that can be limited.

    Raises
    ------
    UserError
        If it is malformed, names an unknown metric, or its sign means an improvement.
    """
    return tuple(_limit(part.strip(), metrics) for part in text.split(","))


def breaches(comparison: Comparison, limits: tuple[Limit, ...]) -> list[Breach]:
    """Return every limit that a method broke; scoring fewer photos than before breaks all of them.

    Raises `UserError` if a cost is limited but the runs come from different machines.
    """
    found = [
        Breach(method, "every photo as before", f"{counted(now, 'photo')} scored, {was:,} before")
        for method, (was, now) in comparison.lost.items()
    ]
    for limit in limits:
        if limit.name in COSTS and (apart := comparison.same_machine()):
            raise UserError(
                f"'{limit.text}': {COSTS[limit.name]} of one machine only, and these differ in "
                f"{', '.join(apart)}; leave {limit.name} out, or measure both on one"
            )
        found += (_dearer if limit.name in COSTS else _worse)(comparison, limit)
    return found


def _limit(text: str, metrics: Mapping[str, MetricFacts]) -> Limit:
    matched = LIMIT.fullmatch(text)
    if matched is None:
        raise UserError(f"--fail-on '{text}': write NAME:CHANGE with a signed number, {EXAMPLE}")
    name, sign = matched["name"], matched["sign"]
    if name in COSTS:
        if sign == "-" or not matched["percent"]:
            raise UserError(
                f"--fail-on '{text}': {name} may only rise by a share of its old value, as in {name}:+10%"
            )
    elif name not in metrics:
        raise UserError(
            f"--fail-on '{text}': the runs have no metric '{name}' in common; "
            f"they have {', '.join(metrics)}, and {' and '.join(COSTS)}"
        )
    else:
        worse = {"higher": "-", "lower": "+"}.get(metrics[name].direction)
        if worse is None:
            raise UserError(f"--fail-on '{text}': {name} has no better or worse, so it cannot be limited")
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
    found = []
    for label, row in comparison.changes.xs(limit.name, level="metric").iterrows():
        method, before, after = str(label), float(row["before"]), float(row["after"])
        if lost := int(comparison.values_lost.get((method, limit.name), 0)):
            said = f"{counted(lost, 'photo')} without a finite value that had one before"
            found.append(Breach(method, limit.text, said, limit.name))
        elif limit.is_broken(before, after):
            decimals = change_decimals(before, after)
            change = signed(after - before, decimals)
            said = f"{change} ({number(before, decimals)} → {number(after, decimals)})"
            found.append(Breach(method, limit.text, said, limit.name))
    return found


def _dearer(comparison: Comparison, limit: Limit) -> list[Breach]:
    costs = comparison.costs[limit.name].dropna(how="all")
    return [
        Breach(str(method), limit.text, signed_percent(row["change"]) if row.notna().all() else "not known")
        for method, row in costs.iterrows()
        if limit.is_broken(float(row["before"]), float(row["after"]))
    ]
