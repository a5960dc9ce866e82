"""From what stands on the command line to checked options."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import ByteSize, TypeAdapter, ValidationError

from .. import UserError
from ..datasets.base import Split
from ..datasets.catalogue import dataset_info
from ..datasets.registry import load_plugin
from ..methods.base import Budget
from ..methods.spec import parse_specs
from .cell import Keep
from .environment import check_gpus, resolve_device, threads_available
from .local import LocalPool
from .metrics import resolve
from .plan import Options
from .protocol import DEFAULT_METRICS, Protocol
from .runner import Executor


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
        If one of them names something unknown.
    """
    for path in plugins:
        load_plugin(path)
    names = DEFAULT_METRICS if metrics is None else resolve(name.strip() for name in metrics.split(","))
    protocol = Protocol(size=size or dataset_info(dataset).size, resize=resize, metrics=names)
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
        max_memory=_size(max_memory) if max_memory else None,
        keep=keep,
        protocol=protocol,
        plugins=tuple(path.resolve() for path in plugins),
        out=(out or Path("runs", dataset.partition(":")[0])).resolve(),
    )


def choose_executor(threads: int, scheduler: str, cluster: Path | None) -> Executor:
    """Return where cells run: here on some threads, or on a Dask cluster.

    Raises
    ------
    UserError
        If both a scheduler and a cluster are named, the cluster's file is missing, or Dask is not installed.
    """
    if not scheduler and cluster is None:
        return LocalPool(threads)
    if scheduler and cluster is not None:
        raise UserError("give --scheduler, a cluster that runs, or --cluster, one to be started: not both")
    if cluster is not None and not cluster.is_file():
        raise UserError(f"--cluster: '{cluster}' is no file; it says which class to start, and how")
    if find_spec("distributed") is None:
        raise UserError("a cluster needs Dask: pip install 'huebench[cluster]'")
    from .cluster import DaskExecutor

    return DaskExecutor(scheduler, cluster)


def _size(text: str) -> int:
    try:
        return TypeAdapter(ByteSize).validate_python(text)
    except ValidationError:
        raise UserError(f"--max-memory: '{text}' is no size; write 8GB or 500MiB") from None
