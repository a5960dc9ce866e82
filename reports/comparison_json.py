"""JSON: a comparison of two runs, for other programs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from .analysis.comparison import Comparison
from .analysis.gate import Breach, Limit
from .tables import Results

CHANGE = ("before", "after", "difference", "low", "high", "effect", "positive", "p_adjusted", "verdict")
"""Columns of `Comparison.changes` that are written."""


def render(comparison: Comparison, limits: Sequence[Limit], breaches: Sequence[Breach]) -> str:
    """Return a comparison as JSON: every change, whether significant or not, with missing numbers as null."""
    rows = comparison.changes.reindex(columns=list(CHANGE))
    changes = [
        {"method": method, "metric": metric, **{name: _known(value) for name, value in row.items()}}
        for (method, metric), row in zip(rows.index, rows.to_dict("records"), strict=True)
    ]
    costs = {
        name: [
            {"method": method, **{str(key): _known(value) for key, value in row.items()}}
            for method, row in zip(table.index, table.to_dict("records"), strict=True)
        ]
        for name, table in comparison.costs.items()
    }
    facts = {
        "before": _run(comparison.before),
        "after": _run(comparison.after),
        "changes": changes,
        "costs": costs,
        "code_changed": comparison.code_changed,
        "also_differing": comparison.differing,
        "scored_fewer_photos": {label: list(counts) for label, counts in comparison.lost.items()},
        "only_after": list(comparison.new),
        "limits": [limit.text for limit in limits],
        "broken_limits": [asdict(breach) for breach in breaches],
    }
    return json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _run(results: Results) -> dict[str, Any]:
    run = results.run
    return {
        "folder": str(results.folder),
        "dataset": run.dataset["name"],
        "fingerprint": run.dataset["fingerprint"],
        "protocol": run.protocol_digest,
        "command": run.command,
        "started": run.started,
        "versions": run.versions,
    }


def _known(value: Any) -> Any:
    """Return a value as JSON has it: no NaN and no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
