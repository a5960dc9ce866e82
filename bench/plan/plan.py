"""The plan of a run: its cells, and the key of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ... import UserError
from ...datasets.base import Dataset, Entry, datasets, fingerprint
from ...datasets.spec import dataset_info, names_in
from ...methods.base import Method, methods
from ...methods.spec import MethodSpec, parse_specs
from ...plugins import RAISED
from ...sources import forget
from ...wording import counted
from ..metrics import metric_plugin
from ..protocol.choices import REFERENCE_CHOICE
from ..protocol.hints import HINTS
from ..protocol.protocol import Protocol
from .cell import Cell
from .keys import (
    METRICS,
    PIPELINE,
    SAMPLING,
    class_source,
    digest,
    files_content,
    given_source,
    library_versions,
    metric_files,
    metrics_source,
    modules_source,
)
from .photos import SHARD, dataset_key, limited, preparation_digest, reader_digest
from .request import Request
from .resolve import dataset_of, protocol_of, resolve, training_dataset_of

GALLERY_PHOTOS = 64
"""Number of photos, drawn with seed 0, whose pictures are kept; the report's gallery chooses among them.

Of clips, the first frames of as many clips as fit are kept, so that the report can show how they change.
"""

GALLERY_FRAMES = 32
"""Number of frames of a clip whose pictures are kept."""

DRAWN = ("random", "category")
"""The choices of references that depend on the seed."""

FEW = 10
"""Smallest number of photos, or of clips, that can be split into tenths."""


@dataclass(frozen=True)
class Plan:
    """An open dataset, the photos to score, and the cells to run.

    Attributes
    ----------
    request
        The resolved request.
    dataset, training
        The open datasets whose photos are scored and learned from; by default the same one.
    fingerprint
        Fingerprint of the whole dataset.
    photos
        The photos to score.
    cells
        The cells, in the tables' order, each key once.
    trained_on
        Number of scored photos that are also training photos, by id or by content.
    """

    request: Request
    dataset: Dataset
    training: Dataset
    fingerprint: str
    photos: Sequence[Entry]
    cells: tuple[Cell, ...]
    trained_on: int


@dataclass(frozen=True)
class _DataKeys:
    """Digests of the photos shared by the cells of a plan, and of the code that reads them.

    `photos` are the SHA-256 of the scored photos, one each.
    """

    training: str
    sample: str
    scored: str
    photos: tuple[str, ...]


def make_plan(request: Request) -> Plan:
    """Resolve a request, open its dataset and plan the cells.

    Raises
    ------
    UserError
        If the request cannot be met, the dataset is missing, or a required split is empty.
    """
    forget()
    request = resolve(request)
    dataset, protocol = dataset_of(request), protocol_of(request)
    photos = limited(dataset.split(request.split), request.limit)
    if not photos:
        none = f"no {_unit(dataset)} in its {request.split} split"
        raise UserError(f"dataset '{request.dataset}' has {none} ({_why_empty(dataset)})")
    training = training_dataset_of(request) if request.train_on else dataset
    if not training.split("train"):
        name, why = request.train_on or request.dataset, _why_empty(training)
        do = "choose another" if request.train_on else "add --train-on with a"
        raise UserError(
            f"dataset '{name}' has no training {_unit(training)}, so no references and no prior ({why}): "
            f"{do} dataset to learn from"
        )
    train, validation = training.fingerprint("train"), training.fingerprint("validation")
    data = _DataKeys(
        training=digest(train, validation, preparation_digest(training, protocol)),
        sample=sample_key(training, protocol),
        scored=photos_key(dataset, photos, protocol),
        photos=tuple(photo.sha256 for photo in photos),
    )
    shared = {
        "request": request,
        "scored": data.scored,
        "sample": data.sample,
        "dataset_key": dataset_key(dataset, protocol),
        "training_key": dataset_key(training, protocol),
        **data_given(request),
        "gallery": gallery(photos),
    }
    cells: dict[str, Cell] = {}
    specs = parse_specs(request.methods, clips=dataset.info.clips, hints=bool(request.hints), rows=True)
    _check_references(request, specs, training.split("train"), photos)
    for condition in _conditions(request):
        apart = any(condition.values())
        # A picture of each condition is enough.
        own = {**condition, "gallery": shared["gallery"][: 1 if apart else None]}
        for spec in specs:
            if condition["example"] and _reference(spec) in ("none", condition["example"]):
                continue
            for hints, seed in product(_hints(spec, request), _seeds(spec, request, condition["example"])):
                cell = _cell(spec, request, data, {**shared, **own, "seed": seed, "hints": hints})
                if apart and cell.problem:
                    continue  # its own row says why it cannot run
                if spec.row or cell.key not in cells:  # the same method may be typed in two ways
                    cells[cell.key] = cell
    trained_on = _trained_on(request, training.split("train"), photos)
    return Plan(request, dataset, training, dataset.fingerprint(), photos, tuple(cells.values()), trained_on)


def gallery(photos: Sequence[Entry]) -> tuple[str, ...]:
    """Return the ids of the photos whose pictures are kept."""
    clips: dict[str, list[str]] = {}
    for entry in photos:
        clips.setdefault(entry.clip, []).append(entry.id)
    if "" in clips:
        return tuple(entry.id for entry in limited(photos, GALLERY_PHOTOS))
    longest = min(GALLERY_FRAMES, max(map(len, clips.values())))
    kept = limited(photos, max(1, GALLERY_PHOTOS // longest))
    return tuple(entry.id for entry in kept if entry.id in clips[entry.clip][:longest])


def _conditions(request: Request) -> list[dict[str, str]]:
    """Return the conditions of a run's cells, as fields of `Cell`: the methods' own one first."""
    own = {"degradation": "", "example": ""}
    degraded = [{**own, "degradation": each} for each in request.degrade]
    return [own, *degraded, *({**own, "example": each} for each in request.references)]


def _seeds(spec: MethodSpec, request: Request, example: str) -> tuple[int, ...]:
    """Return the seeds of a method: the first one only if its answer depends on none."""
    seeded = spec.name in methods.broken or methods.get(spec.name).info.seeded or example in DRAWN
    return request.seeds if seeded else request.seeds[:1]


def _reference(spec: MethodSpec) -> str:
    """Return a method's own choice of references, or ``none``."""
    if spec.name in methods.broken:
        return "none"
    try:
        return spec.build().info.reference  # that of the method around which another is put
    except RAISED:  # its cell says why
        return methods.get(spec.name).info.reference


def _check_references(
    request: Request, specs: Sequence[MethodSpec], train: Sequence[Entry], photos: Sequence[Entry]
) -> None:
    """Refuse choices of references that no method, or no photo, could have."""
    if request.references and all(_reference(spec) == "none" for spec in specs):
        known = [name for name, cls in methods.items().items() if cls.info.reference != "none"]
        raise UserError(
            f"--references: no method of this run takes a reference photo; {', '.join(sorted(known))} do"
        )
    categories = {photo.category for photo in photos} & {photo.category for photo in train} - {""}
    if "category" in request.references and not categories:
        raise UserError(
            f"--references category: the photos of {request.dataset} have no categories that training photos "
            "have too: leave category out, or sort a folder's photos into sub-folders (folder:PATH)"
        )


def _hints(spec: MethodSpec, request: Request) -> tuple[int, ...]:
    """Return the numbers of hints that a method is given: all that are asked for, if it uses hints."""
    uses = spec.name not in methods.broken and methods.get(spec.name).info.hints
    return request.hints if uses and request.hints else (0,)


def unused_hints(plan: Plan) -> str:
    """Return a sentence if the run asks for hints and none of its methods uses them, else ``""``."""
    known = {name for name, cls in methods.items().items() if cls.info.hints}
    if not plan.request.hints or any(cell.name in known for cell in plan.cells):
        return ""
    return f"--hints: no method of this run uses colour hints; {', '.join(sorted(known))} do"


def _trained_on(request: Request, train: Sequence[Entry], photos: Sequence[Entry]) -> int:
    """Return how many photos are also training photos: by content, and within one dataset by id."""
    if request.split == "all" and not request.train_on:
        return 0  # methods that learn are skipped
    known = {photo.sha256 for photo in train if photo.sha256}
    ids = set() if request.train_on else {photo.id for photo in train}
    return sum(photo.sha256 in known or photo.id in ids for photo in photos)


def weights_to_get(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return the pretrained weights that cells would use and that are not on this machine, sorted."""
    specs = {cell.label: MethodSpec(cell.name, cell.parameters) for cell in cells if not cell.problem}
    return tuple(sorted({name for spec in specs.values() for name in _missing_weights(spec)}))


def _missing_weights(spec: MethodSpec) -> tuple[str, ...]:
    try:
        return spec.build().missing_weights
    except RAISED:  # a plugin's fault, which fails its cell
        return ()


def data_given(request: Request) -> dict[str, Any]:
    """Return a cell's plugins of datasets and metrics, and the digest of these and of the metrics' files."""
    plugins = _data_plugins(request)
    files = metric_files(protocol_of(request).metrics)
    return {"data_plugins": plugins, "data_given": given_source(plugins, files)}


def _data_plugins(request: Request) -> tuple[str, ...]:
    names = [name for spec in (request.dataset, request.train_on) if spec for name in names_in(spec)]
    found = [*map(datasets.source, names), *map(metric_plugin, protocol_of(request).metrics)]
    return tuple(dict.fromkeys(filter(None, found)))


def _unit(dataset: Dataset) -> str:
    return "clip" if dataset.info.clips else "photo"


def _why_empty(dataset: Dataset) -> str:
    """Return why a split of a dataset is empty: too few photos or clips for shares, or how it is split."""
    entries = dataset.entries()
    count = len({entry.clip for entry in entries}) if dataset.info.clips else len(entries)
    if dataset.info.argument and count < FEW:  # the user's own, without stated splits
        return f"{counted(count, _unit(dataset))} cannot be split, put {FEW} or more there"
    return f"splits: {dataset.facts()['splits']}"


def photos_key(dataset: Dataset, photos: Sequence[Entry], protocol: Protocol) -> str:
    """Return the key of the scored photos."""
    return digest(fingerprint(photos), reader_digest(dataset, protocol))


def sample_key(dataset: Dataset, protocol: Protocol) -> str:
    """Return the key of the training sample: its photos, and the code that describes them."""
    return digest(
        dataset.fingerprint("train"), reader_digest(dataset, protocol), protocol.training_sample,
        modules_source(SAMPLING, without=METRICS), library_versions(),
    )  # fmt: skip


def score_key(prediction_key: str, sample: str, protocol: Protocol) -> str:
    """Return the key of a cell that scores these predictions."""
    return digest(
        prediction_key, sample, protocol.digest, modules_source(PIPELINE), metrics_source(protocol.metrics)
    )


def _cell(spec: MethodSpec, request: Request, data: _DataKeys, shared: dict[str, Any]) -> Cell:
    plugin = methods.source(spec.name)
    shared = {**shared, "name": spec.name, "parameters": spec.parameters, "method_plugin": plugin}
    if spec.name in methods.broken:
        return _impossible(spec, methods.broken[spec.name].reason, shared)
    try:
        return _runnable(spec, request, data, shared)
    except UserError:  # a wrong parameter
        raise
    except RAISED as error:  # one broken class must not stop the others
        return _impossible(spec, f"{type(error).__name__}: {error}", shared)


def _runnable(spec: MethodSpec, request: Request, data: _DataKeys, shared: dict[str, Any]) -> Cell:
    method = spec.build()
    info = method.info
    if reason := spec.missing():
        return _impossible(spec, reason, shared, method)
    if request.split == "all" and not request.train_on and (info.trainable or info.reference != "none"):
        reason = "it would learn from scored photos: add --train-on, or score one split"
        return _impossible(spec, reason, shared, method)
    if info.clips and not dataset_info(request.dataset).clips:
        return _impossible(spec, "it is for clips, and this dataset has photos", shared, method)
    if info.family == "hinted" and not request.hints:
        return _impossible(spec, "it colours by hints: add --hints 1,10,100", shared, method)
    threads, plugin, hints = request.threads or 1, shared["method_plugin"], shared["hints"]
    devices = request.devices if info.family == "deep" and info.trainable else 1
    code = class_source(type(method), plugin)
    fit_key = digest(
        info.name, method.parameters.model_dump(mode="json"), files_content(method.files),
        code, shared["seed"], data.training,
        request.budget, request.device, library_versions(), threads if info.all_threads else 0, devices,
    )  # fmt: skip
    protocol = protocol_of(request, shared["degradation"], shared["example"])
    given = [hints, HINTS[protocol.hints].text] if hints else []
    seen = [protocol.facts()["degrade"]] if protocol.degrade else []
    chosen = [REFERENCE_CHOICE[shared["example"]].text] if shared["example"] else []
    prediction_key = digest(
        fit_key, data.sample, data.scored, modules_source(PIPELINE, without=METRICS), SHARD, *given, *seen,
        *chosen,
    )  # fmt: skip
    return Cell(
        key=score_key(prediction_key, data.sample, protocol),
        fit_key=fit_key,
        prediction_key=prediction_key,
        method_given=given_source(filter(None, [plugin]), method.files),
        label=f"{spec.label}@{hints}" if hints else spec.label,
        code=code,
        family=info.family,
        oracle=info.sees_colour or hints > 0,
        sees_truth=info.oracle,
        reference=info.reference,
        temporal=info.temporal,
        key_frame_every=method.key_frame_every,
        threads=threads if info.all_threads else max(1, threads // request.jobs),
        devices=devices,
        trained_on=sum(map(method.trained_on, data.photos)),
        **{**shared, "gallery": shared["gallery"][: 1 if hints else None]},
    )


def _impossible(spec: MethodSpec, reason: str, shared: dict[str, Any], method: Method | None = None) -> Cell:
    key = digest("impossible", spec.name, spec.parameters, shared["seed"])
    return Cell(
        key=key,
        fit_key=key,
        prediction_key=key,
        label=spec.label,
        family=method.info.family if method else "",
        threads=1,
        problem=reason,
        **{**shared, "hints": 0},
    )
