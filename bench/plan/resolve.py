"""Checks a request against the registries, and fills in values that depend on dataset and machine."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from ... import UserError
from ...datasets.base import Dataset, datasets
from ...datasets.spec import absolute, dataset_info, open_dataset
from ...files import WEIGHTS_VARIABLE
from ...methods.base import methods
from ...methods.spec import parse_specs
from ...plugins import load_plugin
from ..metrics import default_metrics, get_metric
from ..metrics import resolve as resolve_metrics
from ..metrics.registry import metrics
from ..protocol.hints import HINTS, NONE
from ..protocol.presets import DEFAULT, presets
from ..protocol.protocol import Protocol
from .machine import check_gpus, resolve_device, threads_available
from .request import Request


def resolve(request: Request) -> Request:
    """Load a request's plugins, check its names, and fill in its paths, device and threads.

    Raises
    ------
    UserError
        If it names something unknown, or its photos are too small for a metric.
    """
    for registry in (methods, datasets, metrics):
        registry.discover()  # a plugin must not take a built-in name
    for plugin in request.plugins:
        load_plugin(plugin.expanduser())
    parse_specs(request.methods, rows=True)
    dataset_info(request.dataset)
    _, _, path = request.dataset.partition(":")
    if path and request.data_root is not None:
        raise UserError(
            f"dataset '{request.dataset}' and --data-root '{request.data_root}' name two paths: leave one out"
        )
    root = Path(absolute(request.dataset).partition(":")[2]) if path else request.data_root
    if request.train_on:
        dataset_info(request.train_on)
    device = request.device if request.remote and request.device != "auto" else resolve_device(request.device)
    if device == "cuda" and not request.remote:
        check_gpus(request.devices)
    resolved = request.model_copy(
        update={
            "data_root": root if path else root.expanduser().resolve() if root else None,
            "train_on": absolute(request.train_on),
            "weights_dir": _weights_folder(request.weights_dir),
            "seeds": tuple(dict.fromkeys(request.seeds)),
            # A curve begins with the method's answer without any hint.
            "hints": tuple(sorted({0, *request.hints})) if request.hints else (),
            "device": device,
            "threads": request.threads or threads_available(),
            **_choices(request),
            "plugins": tuple(path.expanduser().resolve() for path in request.plugins),
            "out": _run_folder(request.out or Path("runs", _run_name(request, path))),
        }
    )
    _check_size(protocol_of(resolved))
    _check_clips(resolved)
    _check_hints(resolved)
    return resolved


def protocol_of(request: Request, degradation: str = "", example: str = "") -> Protocol:
    """Return the protocol of a resolved request, with a degradation and a choice of references, if any."""
    assert request.size is not None  # noqa: S101  # it is resolved
    assert request.resize is not None  # noqa: S101
    assert request.metrics is not None  # noqa: S101
    preset = presets.get(request.protocol)
    return replace(
        preset.protocol,
        size=request.size,
        resize=request.resize,
        metrics=request.metrics,
        hints=preset.hints if request.hints else NONE,
        degrade=degradation,
        reference_choice=example or preset.protocol.reference_choice,
    )


def _choices(request: Request) -> dict[str, Any]:
    """Return size, resizing and metrics: a named protocol's own, and only these; huebench's can be changed.

    Raises
    ------
    UserError
        If the protocol is unknown, or an option contradicts it.
    """
    preset = presets.get(request.protocol)
    given = {
        "size": request.size,
        "resize": request.resize,
        "metrics": None if request.metrics is None else resolve_metrics(request.metrics),
    }
    own = {name: getattr(preset.protocol, name) for name in given}
    if preset.name == DEFAULT:
        info = dataset_info(request.dataset)
        own["size"] = info.size
        if info.clips:
            own["metrics"] = (*own["metrics"], *default_metrics(of_clips=True))
        return {name: own[name] if value is None else value for name, value in given.items()}
    for name, value in given.items():
        if value is not None and value != own[name]:
            theirs = ",".join(own[name]) if name == "metrics" else own[name]
            others = ""
            if name == "metrics":
                both = ",".join(dict.fromkeys((*own[name], *(request.metrics or ()))))
                others = (
                    f" (after a run with --keep-predictions all, `bench score RUN --metrics {both}` has both)"
                )
            raise UserError(
                f"--{name} contradicts --protocol {preset.name}, which is frozen at {theirs}: leave --{name} "
                f"out{others}, or leave --protocol out and choose freely"
            )
    return own


def dataset_of(request: Request) -> Dataset:
    """Open the dataset whose photos a resolved request scores."""
    return open_dataset(request.dataset_name, request.data_root, follow_links=request.follow_links)


def training_dataset_of(request: Request) -> Dataset:
    """Open the dataset that the methods of a resolved request learn from."""
    if not request.train_on:
        return dataset_of(request)
    return open_dataset(request.train_on, follow_links=request.follow_links)


def _weights_folder(given: Path | None) -> Path | None:
    """Return the weights folder from the option or the environment; pass it on to methods."""
    if given is not None:
        given = given.expanduser()
        if not given.is_dir():
            raise UserError(f"--weights-dir: not a folder: '{given}'")
        os.environ[WEIGHTS_VARIABLE] = str(given.resolve())
    named = os.environ.get(WEIGHTS_VARIABLE)
    return Path(named) if named else None


def _check_size(protocol: Protocol) -> None:
    """Refuse now what would otherwise fail at the first photo, after all training."""
    size = protocol.size
    for metric in map(get_metric, protocol.metrics):
        if size < metric.least_side and not metric.missing():
            raise UserError(
                f"{metric.name} needs photos of at least {metric.least_side}×{metric.least_side} pixels, not "
                f"{size}×{size}: give --size {metric.least_side} or more, or --metrics without it"
            )


def _check_clips(request: Request) -> None:
    """Refuse metrics of clips for a dataset of photos."""
    named = [name for name in request.metrics or () if get_metric(name).of_clips]
    if named and not dataset_info(request.dataset).clips:
        raise UserError(
            f"{', '.join(named)}: for clips only, and '{request.dataset_name}' has photos: leave them out, "
            "or make clips of the photos with --dataset pan:…"
        )


def _check_hints(request: Request) -> None:
    """Refuse hints for clips, and more of them than a photo has room for."""
    if not request.hints:
        return
    if dataset_info(request.dataset).clips:
        raise UserError(f"--hints are for photos, and '{request.dataset_name}' has clips: leave --hints out")
    protocol = protocol_of(request)
    pixels = protocol.size**2
    if max(request.hints) > pixels:  # where hints may overlap, the rule itself sets no limit
        raise UserError(
            f"--hints {max(request.hints)}: a photo of {protocol.size}×{protocol.size} pixels has {pixels:,} "
            "pixels, and more hints than these say nothing new: ask for fewer"
        )
    HINTS[protocol.hints].check(request.hints, protocol.size)


def _run_name(request: Request, path: str) -> str:
    """Return the dataset's name; for a folder its name with a digest, as two folders may share a name."""
    if not path:
        return request.dataset_name
    if datasets.get(request.dataset_name).of_dataset:
        inner = Request(dataset=path)
        return f"{request.dataset_name}-{_run_name(inner, path.partition(':')[2])}"
    folder = Path(path).expanduser().resolve()
    return f"{folder.name or request.dataset_name}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:6]}"


def _run_folder(out: Path) -> Path:
    if re.match(r"\w+:/", str(out)):  # a URL such as s3://bucket/run, after Path has read it
        raise UserError(
            f"--out {out}: object stores lack the locks and renames that resuming needs; "
            "mount it, or run in a local folder and copy that afterwards"
        )
    return out.expanduser().resolve()
