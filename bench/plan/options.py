"""From what stands on the command line to checked options."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ByteSize, Field, TypeAdapter, ValidationError

from ... import UserError
from ...datasets.base import Split, dataset_info
from ...methods.base import Budget
from ...methods.spec import parse_specs
from ...plugins import load_plugin
from ..executors.local import LocalPool
from ..executors.runner import Executor
from ..metrics import get_metric, resolve
from ..protocol.protocol import DEFAULT_METRICS, Protocol
from .cell import Keep
from .machine import check_gpus, resolve_device, threads_available
from .plan import Options


def make_options(
    *,
    methods: str,
    dataset: str,
    data_root: Path | None,
    split: Split,
    limit: int | None,
    seeds: tuple[int, ...],
    budget: Budget,
    device: str,
    devices: int,
    jobs: int,
    threads: int | None,
    timeout: float | None,
    max_memory: str | None,
    keep: Keep,
    size: int | None,
    resize: Literal["squash", "center-crop"],
    metrics: str | None,
    plugins: tuple[Path, ...],
    out: Path | None,
    remote: bool,
) -> Options:
    """Check the command line's values against what is registered.

    Raises
    ------
    UserError
        If one of them names something unknown, or a metric cannot score photos as small as they ask for.
    """
    for path in plugins:
        load_plugin(path)
    names = DEFAULT_METRICS if metrics is None else resolve(name.strip() for name in metrics.split(","))
    protocol = Protocol(size=size or dataset_info(dataset).size, resize=resize, metrics=names)
    _check_size(protocol)
    chosen = device if remote and device != "auto" else resolve_device(device)
    if chosen == "cuda" and not remote:
        check_gpus(devices)
    return Options(
        methods=tuple(parse_specs(methods)),
        dataset=dataset,
        data_root=data_root.resolve() if data_root else None,
        split=split,
        limit=limit,
        seeds=tuple(dict.fromkeys(seeds)),
        budget=budget,
        device=chosen,
        devices=devices,
        threads=threads or threads_available(),
        jobs=jobs,
        timeout=timeout,
        max_memory=None if max_memory is None else _size(max_memory),
        keep=keep,
        protocol=protocol,
        plugins=tuple(path.resolve() for path in plugins),
        out=_run_folder(out or Path("runs", dataset.partition(":")[0])),
    )


def choose_executor(threads: int, jobs: int, scheduler: str, cluster: Path | None) -> Executor:
    """Return where cells run: here on some threads, some at a time, or on a Dask cluster.

    Raises
    ------
    UserError
        If both a scheduler and a cluster are named, the cluster's file is missing, or Dask is not installed.
    """
    if not scheduler and cluster is None:
        return LocalPool(threads, jobs)
    if scheduler and cluster is not None:
        raise UserError("give --scheduler, a cluster that runs, or --cluster, one to be started: not both")
    if cluster is not None and not cluster.is_file():
        raise UserError(f"--cluster: '{cluster}' is no file; it says which class to start, and how")
    if find_spec("distributed") is None:
        raise UserError("a cluster needs Dask: pip install 'huebench[cluster]'")
    from ..executors.cluster import DaskExecutor

    return DaskExecutor(scheduler, cluster)


def _check_size(protocol: Protocol) -> None:
    """Refuse what would fail at the first photo, which comes after all training."""
    size = protocol.size
    for metric in map(get_metric, protocol.metrics):
        if size < metric.least_side and not metric.missing():
            raise UserError(
                f"{metric.name} needs photos of at least {metric.least_side}×{metric.least_side} pixels, not "
                f"{size}×{size}: give --size {metric.least_side} or more, or --metrics without it"
            )


def _run_folder(out: Path) -> Path:
    if re.match(r"\w+:/", str(out)):  # what Path makes of s3://bucket/run
        raise UserError(
            f"--out {out}: an object store has neither the locks nor the renames on which resuming rests; "
            "mount it, or run in a folder and copy that when it is done"
        )
    return out.resolve()


def _size(text: str) -> int:
    try:
        return TypeAdapter(Annotated[ByteSize, Field(gt=0)]).validate_python(text)
    except ValidationError:
        raise UserError(f"--max-memory: '{text}' is no size; write 8GB or 500MiB") from None
