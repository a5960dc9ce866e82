"""Compare two runs of the same photos under the same protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ... import UserError
from ..tables import MetricFacts, Results
from ..text import in_words
from .inference import SIGNIFICANT, benjamini_yekutieli
from .statistics import Contributions, contributions, paired
from .summary import Summary, summarize
from .units import by_clip

SAME_PHOTOS = ("split", "limit")  #: Options that determine which photos are scored

WORTH_KNOWING = ("budget", "device", "seeds")  #: Options that may differ and thus explain a change

SAME_MACHINE = ("processor", "cores", "accelerator")
"""Facts of a machine that must be equal for times to be comparable."""

INDEX = ("method", "metric")  #: Names of the index of every table of changes


@dataclass(frozen=True)
class Comparison:
    """The changes of every method from one run to another."""

    #: `before`, `after`: The runs.
    before: Results
    after: Results
    metrics: dict[str, MetricFacts]  #: Name → facts of the metrics that both have
    #: Indexed by ``method`` and ``metric``: the values ``before`` and ``after``, over the photos that both
    #: runs scored; the mean paired ``difference``, after − before, with the other columns of
    #: `statistics.paired`; ``p_adjusted`` over the whole table (Benjamini and Yekutieli); and
    #: ``verdict``: ``same``, ``better``, ``worse``, or ``other`` if neither is better. A metric that is
    #: stored for the whole set has no interval and no p; if its value changed, it is ``untested``.
    changes: pd.DataFrame
    #: ``time`` (seconds per photo) and ``memory`` (peak, MiB), each indexed by method: the value ``before``
    #: and ``after``, and its ``change`` as a share; missing if unknown.
    costs: dict[str, pd.DataFrame]
    photos: pd.DataFrame  #: Indexed by photo, one column per method and metric: the paired differences
    #: Indexed like `changes`: the number of photos that had a value before but no finite one after.
    values_lost: pd.Series
    #: Method → number of photos scored before and after, for methods that now score fewer.
    lost: dict[str, tuple[int, int]]
    new: tuple[str, ...]  #: Labels of methods that only the later run has

    @property
    def changed(self) -> pd.DataFrame:
        """The rows of `changes` whose verdict is not ``same``."""
        return self.changes[self.changes["verdict"] != "same"]

    @property
    def seconds(self) -> pd.DataFrame:
        """The time per photo, for methods that have one before and after."""
        return self.costs["time"].dropna()

    @property
    def differing(self) -> list[str]:
        """Other differences between the runs that may explain a change, as text."""
        before, after = self.before.run, self.after.run
        options = [{name: run.options.get(name) for name in WORTH_KNOWING} for run in (before, after)]
        return [
            *differences(options[0], options[1]),
            *differences(before.versions, after.versions),
            *differences(before.machine, after.machine),
        ]

    @property
    def code_changed(self) -> list[str]:
        """The methods that both runs have whose code, or libraries that only they need, changed; sorted."""
        before, after = (_codes(results) for results in (self.before, self.after))
        return sorted(label for label in before.keys() & after.keys() if before[label] != after[label])

    def same_machine(self) -> list[str]:
        """Return the reasons why times cannot be compared; empty if they can."""
        before, after = (
            {
                **{name: results.run.machine.get(name) for name in SAME_MACHINE},
                **{name: sorted(results.cells[name].dropna().unique()) for name in ("device", "threads")},
            }
            for results in (self.before, self.after)
        )
        return differences(before, after)


def compare_runs(before: Results, after: Results) -> Comparison:
    """Compare two runs method by method, metric by metric and photo by photo.

    Only photos that both runs scored count; of clips, the clip is the unit. Several seeds are first averaged
    photo by photo. Oracles are compared too: they monitor the protocol.

    Raises `UserError` if the runs differ in protocol or photos, or have no method or no metric in common.
    """
    check_same(before, after, "compared")
    before, after = by_clip(before), by_clip(after)
    old, new = summarize(before), summarize(after)
    labels = [str(label) for label in old.rows.index if label in new.rows.index]
    metrics = {metric.name: metric for metric in new.metrics if metric.name in old.scores}
    if not labels or not metrics:
        raise UserError(
            f"these runs have no {'metric' if labels else 'method'} in common: "
            f"{in_words(list(old.scores if labels else old.rows.index))} before, "
            f"{in_words(list(new.scores if labels else new.rows.index))} after"
        )
    earlier, later = (_contributions(results, metrics) for results in _shared(before, after))
    one, other = _parts(earlier, labels), _parts(later, labels)
    whole = _parts(_contributions(before, metrics), labels)
    paired_changes = _paired_changes(earlier, later, metrics, labels)
    changes = pd.concat([paired_changes, _set_changes(old, new, metrics, labels)])
    order = pd.MultiIndex.from_product([labels, metrics], names=INDEX)
    scored = {
        str(label): (int(count), int(new.rows["scored"].get(label, 0)))
        for label, count in old.rows["scored"].items()
    }
    return Comparison(
        before=before,
        after=after,
        metrics=metrics,
        changes=changes.reindex(order[order.isin(changes.index)]),
        costs=_costs(old, new, labels),
        photos=other - one,
        values_lost=(whole.notna() & other.reindex_like(whole).isna()).sum(),
        lost={label: (was, now) for label, (was, now) in scored.items() if now < was},
        new=tuple(str(label) for label in new.rows.index if label not in old.rows.index),
    )


def check_same(before: Results, after: Results, purpose: str) -> None:
    """Refuse runs of different photos or protocols.

    Raises `UserError`, naming the differences, if the protocol, the photos' fingerprint, or the choice of
    photos differs; ``purpose`` is what the runs cannot be, such as ``compared``.
    """
    one, other = before.run, after.run
    protocol = differences(
        {"digest": one.protocol_digest, **one.protocol}, {"digest": other.protocol_digest, **other.protocol}
    )
    photos = [
        *differences(*({"fingerprint": run.dataset["fingerprint"]} for run in (one, other))),
        *differences(*({name: run.options.get(name) for name in SAME_PHOTOS} for run in (one, other))),
    ]
    if protocol or photos:
        reasons = [
            f"their {what} ({', '.join(of)})"
            for what, of in (("protocols", protocol), ("photos", photos))
            if of
        ]
        raise UserError(
            f"these runs cannot be {purpose}, because they differ in {' and in '.join(reasons)}: "
            "run both with the same options on the same photos"
        )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the differing values of two mappings, as text.

    >>> differences({"size": 256, "grey": "L*"}, {"size": 128, "grey": "L*"})
    ['size: 256 → 128']
    """

    def value(facts: Mapping[str, Any], key: str) -> str:
        return in_words(facts[key]) if key in facts else "not stated"

    return [
        f"{key.replace('_', ' ')}: {value(before, key)} → {value(after, key)}"
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


def _codes(results: Results) -> dict[str, set[str]]:
    """Return the digests of every method's code, of all its seeds; without methods of which none is known."""
    known = results.cells.reindex(columns=["method", "code"]).dropna()
    return {str(method): set(codes) for method, codes in known.groupby("method")["code"]}


def _shared(before: Results, after: Results) -> tuple[Results, Results]:
    """Return both runs reduced to photos that a method scored in both; infinite values become missing."""
    scored = [
        pd.MultiIndex.from_frame(images.loc[images["status"] == "ok", ["method", "photo"]])
        for images in (before.images, after.images)
    ]
    both = scored[0].intersection(scored[1])

    def kept(results: Results) -> Results:
        pairs = pd.MultiIndex.from_frame(results.images[["method", "photo"]])
        return replace(results, images=results.images[pairs.isin(both)].replace([np.inf, -np.inf], np.nan))

    return kept(before), kept(after)


def _contributions(results: Results, metrics: Mapping[str, MetricFacts]) -> dict[str, Contributions]:
    """Return what photos contribute to each metric, without those that are stored for the whole set."""
    known = {name: contributions(results.images, metric) for name, metric in metrics.items()}
    return {name: found for name, found in known.items() if found is not None}


def _parts(known: Mapping[str, Contributions], labels: list[str]) -> pd.DataFrame:
    """Return photos × (method, metric): what photos contribute, NaN where not finite."""
    columns = {
        (label, name): found.parts[label].astype(float)
        for name, found in known.items()
        for label in labels
        if label in found.parts
    }
    made = pd.DataFrame(columns, dtype=float).replace([np.inf, -np.inf], np.nan)
    made.columns = pd.MultiIndex.from_tuples(list(columns), names=INDEX)
    return made


def _paired_changes(
    before: Mapping[str, Contributions],
    after: Mapping[str, Contributions],
    metrics: Mapping[str, MetricFacts],
    labels: list[str],
) -> pd.DataFrame:
    tables = []
    for name, old in before.items():
        new = after[name]
        both = [label for label in labels if label in old.parts and label in new.parts]
        said = paired(new, old, {(label, name): (label, label) for label in both})
        scored = (new.own[both] - old.own[both]).notna()
        said["before"], said["after"] = (
            known.parts[both].where(scored).mean().to_numpy(float) for known in (old, new)
        )
        tables.append(said)
    said = pd.concat(tables) if tables else pd.DataFrame(columns=["difference", "p"], dtype=float)
    said.index.names = INDEX
    said["p_adjusted"] = benjamini_yekutieli(said["p"].to_numpy(float))
    unsure = ~(said["p_adjusted"] < SIGNIFICANT)  # including missing ones
    names = said.index.get_level_values("metric")
    said["verdict"] = [
        "same" if no else _verdict(metrics[name], difference)
        for name, no, difference in zip(names, unsure, said["difference"], strict=True)
    ]
    return said


def _set_changes(
    old: Summary, new: Summary, metrics: Mapping[str, MetricFacts], labels: list[str]
) -> pd.DataFrame:
    rows = {}
    for name, metric in metrics.items():
        if metric.aggregate == "stored":
            for label in labels:
                if not old.rows["scored"][label] and not new.rows["scored"][label]:
                    continue
                before, after = float(old.scores[name][label]), float(new.scores[name][label])
                difference = after - before
                verdict = "same" if np.isnan(difference) or difference == 0 else "untested"
                known = {"before": before, "after": after, "difference": difference, "verdict": verdict}
                rows[label, name] = known
    made = pd.DataFrame(list(rows.values()), columns=["before", "after", "difference", "verdict"])
    made.index = pd.MultiIndex.from_tuples(list(rows), names=INDEX)
    return made


def _verdict(metric: MetricFacts, difference: float) -> str:
    sign = {"higher": 1, "lower": -1}.get(metric.direction, 0) * difference
    return "better" if sign > 0 else "worse" if sign < 0 else "other"


def _costs(old: Summary, new: Summary, labels: list[str]) -> dict[str, pd.DataFrame]:
    tables = {}
    for name, column, power in (("time", "images_per_second", -1), ("memory", "peak_memory_mb", 1)):
        before, after = (summary.rows[column].astype(float)[labels] ** power for summary in (old, new))
        tables[name] = pd.DataFrame({"before": before, "after": after, "change": after / before - 1})
    return tables
