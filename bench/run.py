"""``bench run``: plan, prepare, run the cells, collect, report."""

from __future__ import annotations

import shlex
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .. import UserError, __version__
from ..reports.markdown import write_report
from ..reports.tables import Results, RunFacts, write_results
from .collect import collect, metric_facts
from .environment import machine_facts
from .keys import library_versions
from .plan import Plan, photo_set
from .runner import Observer, run_cells
from .training_sample import TrainingSample


def execute(plan: Plan, observer: Observer) -> tuple[Results, Path]:
    """Run a plan and return its results and the report's path.

    What is done already is not done again. On ``KeyboardInterrupt`` what is done is kept on disk and the
    next run goes on from there.

    Raises
    ------
    UserError
        If another run works in the same folder.
    """
    options = plan.options
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(options.out / ".lock", timeout=0):
            started, start = datetime.now(UTC), time.perf_counter()
            _prepare(plan)
            statuses = run_cells(
                plan.cells, threads=options.threads, timeout=options.timeout, observer=observer
            )
            run = _facts(plan, started, time.perf_counter() - start)
            results = collect(plan, statuses, run)
            write_results(results, options.out)
            return results, write_report(results, options.out)
    except Timeout:
        raise UserError(
            f"another run works in '{options.out}'; wait for it or choose another --out"
        ) from None


def _prepare(plan: Plan) -> None:
    """Describe the training sample once for all cells."""
    if not plan.training_sample.exists():
        train = photo_set(plan.cells[0], "train")
        TrainingSample.build(train, plan.options.protocol).save(plan.training_sample)


def _facts(plan: Plan, started: datetime, seconds: float) -> RunFacts:
    options, info = plan.options, plan.dataset.info
    counts: dict[str, int] = {}
    for entry in plan.dataset.entries():
        counts[entry.split] = counts.get(entry.split, 0) + 1
    dataset: dict[str, Any] = {
        "name": options.dataset,
        "root": str(options.data_root) if options.data_root else "",
        "fingerprint": plan.fingerprint,
        "licence": info.licence,
        "source": info.source,
        "splits": info.splits,
        "caveat": info.caveat,
        "photos": counts,
    }
    return RunFacts(
        command=shlex.join(["bench", *sys.argv[1:]]),
        started=started.isoformat(timespec="seconds"),
        seconds=round(seconds, 1),
        dataset=dataset,
        protocol=asdict(options.protocol),
        protocol_digest=options.protocol.digest,
        metrics=metric_facts(options.protocol.metrics),
        versions={"huebench": __version__, **library_versions()},
        machine=machine_facts(),
        options={
            "split": options.split,
            "limit": options.limit,
            "seeds": list(options.seeds),
            "budget": options.budget,
            "device": options.device,
            "jobs": options.jobs,
            "threads": options.threads,
        },
    )
