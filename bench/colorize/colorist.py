"""The methods that colorize a user's photos: by name, from a run, or from an exported model."""

from __future__ import annotations

import hashlib
import json
import shlex
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ... import UserError
from ...datasets.base import RGB, Entry, datasets
from ...files import file_digest
from ...methods.base import Context, Method, methods
from ...methods.info import FAMILIES
from ...methods.spec import MethodSpec, label, parse_specs
from ...plugins import RAISED, Registry
from ..cell.colorizer import InProcess, MethodInput
from ..cell.pipeline import References
from ..fitting import context_of, fitted
from ..plan.cell import Cell
from ..plan.photos import open_split
from ..plan.request import Request
from ..plan.resolve import protocol_of, resolve
from ..protocol.presets import DEFAULT as HUEBENCH
from ..protocol.protocol import Protocol
from ..protocol.training_sample import TrainingSample

if TYPE_CHECKING:
    from ...reports.tables import Results

DEFAULT: Final = "huebench-small"
"""The method that colorizes if none is named; it is shipped with its weights."""

LIGHT: Final = 20_000_000
"""Most weights of a network that works on one thread, while other photos use the others.

For a small network, to wake more threads takes longer than they save.
"""

RANKING: Final = ("auc_rebalanced", "auc")
"""Metrics by which a run's best method is chosen: the first that the run has."""


@dataclass(frozen=True)
class Colorist:
    """A fitted method with all that it needs to colorize a photo.

    Attributes
    ----------
    method
        The method.
    context
        Seed, device, budget and threads.
    protocol
        How reference photos are prepared.
    references
        Chooses the reference photos; ``None`` if the method needs none.
    row
        Name of its row in the run that it comes from; ``""`` if from none.
    """

    method: Method
    context: Context
    protocol: Protocol
    references: References | None = None
    row: str = ""

    @property
    def label(self) -> str:
        """The name of its row in the run that it comes from, else the method with its parameters."""
        return self.row or label(self.method)

    @property
    def size(self) -> int | None:
        """Side in pixels at which the method's network works; ``None`` for other methods."""
        return self.method.network_size

    @property
    def trained(self) -> bool:
        """Whether its colours were learned from photos."""
        info = self.method.info
        return info.trainable or bool(info.weights) or info.family == "deep"

    def digest(self) -> str:
        """Return 12 hex digits of the SHA-256 of its name, parameters, learned weights and files."""
        with tempfile.TemporaryDirectory(prefix="huebench-") as folder:
            self.method.save(Path(folder))
            files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
            parts = [label(self.method), *(f"{path.name} {file_digest(path)}" for path in files)]
        parts += [file_digest(path) for path in self.method.files if path.is_file()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def chroma(
        self, lightness: NDArray[np.float32], reference: RGB | None = None, size: int | None = None,
        *, starts: bool = True,
    ) -> tuple[NDArray[np.float32], float]:  # fmt: skip
        """Predict the chroma of one photo, or of a film's next frame.

        Parameters
        ----------
        lightness
            L* of the upright photo, float32 (H, W), 0…100.
        reference
            Colour photo for a method that needs one, uint8 (H, W, 3); by default the protocol chooses it.
        size
            Side at which the method's network works; ``None`` for that of its training.
        starts
            Whether the method forgets the frames before.

        Returns
        -------
        chroma
            float32 (H, W, 2).
        seconds
            Time of the method's call.
        """
        batch = lightness[None]
        given = MethodInput(batch, self._reference(batch, reference), starts=starts)
        with self.working_at(size):
            answer = InProcess(self.method, self.context)(given)
        return answer.chroma[0], answer.seconds

    @contextmanager
    def working_at(self, size: int | None) -> Iterator[None]:
        """Let the method's network work at a size within a ``with`` block; for `None`, at its own.

        Raises
        ------
        UserError
            If it cannot work at that size.
        """
        usual, parameters = self.size, self.method.parameters
        if not (size and usual):
            yield
            return
        self.method.network_size = size
        try:
            yield
        finally:
            self.method.network_size = usual
            self.method.parameters = parameters

    def choose_reference(self, lightness: NDArray[np.float32]) -> RGB | None:
        """Return the colour photo that all frames of a shot get, uint8 (h, w, 3), if the method needs one.

        Parameters
        ----------
        lightness
            L* of the shot's first frame, float32 (H, W).
        """
        found = self._reference(lightness[None], None)
        return None if found is None else found[0]

    def _reference(self, lightness: NDArray[np.float32], given: RGB | None) -> RGB | None:
        if self.method.info.reference == "none":
            return None
        if given is not None:
            return self.protocol.prepare(given)[None]
        assert self.references is not None  # noqa: S101  # a method that needs references has them
        target = Entry(hashlib.sha256(lightness.tobytes()).hexdigest(), "test", "", "", "")
        return self.references.read(self.references.choose([target], lightness))


def named(text: str, request: Request, *, reference: bool = False) -> list[Colorist]:
    """Return methods by their names; trainable ones are trained first, on the request's dataset.

    Parameters
    ----------
    text
        Names, as for ``bench run --methods``; ``all`` and families leave out what
        cannot colorize a user's photo: oracles, and methods for hints or for clips.
    request
        Dataset, budget, device and seed.
    reference
        Whether the user gives the reference photo, so that none has to be chosen.

    Raises
    ------
    UserError
        If a method is unknown, is an oracle, or cannot be used here.
    """
    request = resolve(request)
    return [of_method(fitted(spec, request), request, reference=reference) for spec in _usable_here(text)]


def _usable_here(text: str) -> list[MethodSpec]:
    """Read names of methods; ``all`` and families leave out what cannot colorize a user's photo."""
    return parse_specs(text, clips=False, hints=False, oracles=False)


def of_method(method: Method, request: Request, *, reference: bool = False) -> Colorist:
    """Return a fitted method with all that it needs to colorize a photo.

    Parameters
    ----------
    method
        The method.
    request
        A resolved request: the dataset to choose references from, device and seed.
    reference
        Whether the user gives the reference photo, so that none has to be chosen.

    Raises
    ------
    UserError
        If the method is an oracle.
    """
    _refuse_oracle(method)
    sample = None
    if method.info.reference != "none" and not reference:
        sample = TrainingSample.build(open_split(request, "train"), protocol_of(request))
    return _colorist(method, context_of(request), request, sample)


def of_run(results: Results, text: str | None, device: str) -> list[Colorist]:
    """Return trained methods of a run.

    Parameters
    ----------
    results
        The run.
    text
        Names of methods, as for ``bench run --methods``; ``None`` takes the best; see `best_of_run`.
    device
        ``auto``, ``cpu`` or ``cuda``.

    Raises
    ------
    UserError
        If the run has no such method, its model is missing, or it needs a plugin that is not loaded: those
        that the run itself names never are.
    """
    labels = [best_of_run(results)[0]] if text is None else labels_of_run(results, text)
    return list(_of_run(results, labels, device))


def _of_run(results: Results, labels: Sequence[str], device: str) -> Iterator[Colorist]:
    for name in labels:
        cell = cell_of_run(results, name)
        method = load_method(cell)
        _refuse_oracle(method)
        request = resolve(_request_of(cell, device))
        sample = None
        if method.info.reference != "none":
            sample = TrainingSample.load(cell.training_sample)
        context = replace(context_of(request), seed=cell.seed)
        yield replace(_colorist(method, context, request, sample), row=name)


def _request_of(cell: Cell, device: str) -> Request:
    """Return a cell's request, without its plugins, and without metrics that a plugin may have registered."""
    request = cell.request
    for spec in (request.dataset, request.train_on):
        name, _, inner = spec.partition(":")
        while name:
            check_registered(datasets, name, cell.data_plugins)
            name, _, inner = inner.partition(":") if datasets.get(name).of_dataset else ("", "", "")
    metrics = () if request.protocol == HUEBENCH else None  # a named protocol has its own
    changes = {"device": device, "methods": cell.name, "plugins": (), "metrics": metrics}
    return request.model_copy(update=changes)


def check_registered(registry: Registry[Any], name: str, plugins: Iterable[str]) -> None:
    """Refuse what is not registered here, instead of loading the plugins that a run folder names.

    Parameters
    ----------
    registry
        The registry of methods or of datasets.
    name
        What the run names.
    plugins
        The run's plugins, one of which may register it.

    Raises
    ------
    UserError
        If it is not registered; it says which ``--plugin`` to add.
    """
    if name in registry.items() or name in registry.broken:
        return
    files = [f"--plugin {shlex.quote(plugin)}" for plugin in plugins if plugin.endswith(".py")]
    raise UserError(
        f"unknown {registry.kind} '{name}': code that a run names is loaded only if you name it too: "
        f"add {' '.join(files) or '--plugin and the file that registers it'}"
    )


def labels_of_run(results: Results, text: str) -> list[str]:
    """Return the rows of a run that a list of methods names: by a row's name, or by method and parameters.

    A method that the run lacks stays as typed.

    Raises
    ------
    UserError
        If the list cannot be read.
    """
    from ...reports.analysis.selection import parse_methods

    rows = results.cells[["method", "name", "parameters"]].drop_duplicates().itertuples(index=False)
    known = {str(row): (str(name), str(parameters)) for row, name, parameters in rows}
    found: list[str] = []
    for wanted, name in parse_methods(text):
        if name:
            raise UserError(f"'{name}={wanted}': write {wanted}; only reports and runs name rows")
        if wanted in known:
            found.append(wanted)
            continue
        if wanted in {"all", *FAMILIES}:
            found += _family_of_run(known, wanted)
            continue
        for spec in _usable_here(wanted):
            same = (row for row, (name, given) in known.items() if _is_same(spec, name, given))
            found.append(next(same, spec.label))
    return found


def _family_of_run(known: Mapping[str, tuple[str, str]], family: str) -> list[str]:
    """Return the rows of a run that are of a family, or all, but for what cannot colorize a user's photo."""
    usable = {spec.name for spec in _usable_here(family)}
    found = [row for row, (name, _) in known.items() if name in usable]
    if not found:
        raise UserError(
            f"--method {family}: the run has no such method that colorizes a photo; it has {', '.join(known)}"
        )
    return found


def _is_same(spec: MethodSpec, name: str, parameters: str) -> bool:
    """Return whether a method has a name and parameters, as JSON, however these are typed."""
    if spec.name != name or name in methods.broken:
        return False
    given = MethodSpec(name, json.loads(parameters))
    return given.parameters == spec.parameters or label(given.build()) == label(spec.build())


def best_of_run(results: Results) -> tuple[str, str]:
    """Return a run's best method, no oracle or baseline, and the figures that make it so.

    The best has the highest rebalanced AuC over the photos; its colorfulness is shown beside that of the
    real photos, because a dull answer can score well. A run of baselines
    alone has a best one too.

    Raises
    ------
    UserError
        If the run did not score any method by AuC.
    """
    from ...reports.analysis.summary import summarize

    summary = summarize(results)
    metric = next((m for name in RANKING for m in summary.metrics if m.name == name), None)
    badness = summary.badness(metric) if metric else None
    if badness is not None:
        colourful = badness[summary.rows.loc[badness.index, "family"] != "baseline"]
        badness = badness if colourful.empty else colourful
    if metric is None or badness is None or badness.empty:
        raise UserError(f"no method of '{results.folder}' was scored by AuC: name one with --method")
    best = str(badness.idxmin())
    figures = [f"{metric.label} {summary.scores[metric.name][best]:.3f}"]
    if "colorfulness" in summary.scores:
        value, truth = summary.scores["colorfulness"][best], float(summary.truth.get("colorfulness", np.nan))
        figures.append(f"colorfulness {value:.1f} (real photos {truth:.1f})")
    return best, ", ".join(figures)


def cell_of_run(results: Results, name: str, seed: int | None = None) -> Cell:
    """Return the cell of a method, as labelled in the tables, with a seed; by default its lowest.

    Raises
    ------
    UserError
        If the run has no such method, or not with that seed.
    """
    rows = results.cells[results.cells["method"] == name].sort_values("seed")
    if rows.empty:
        known = ", ".join(sorted(set(results.cells["method"])))
        raise UserError(f"no method '{name}' in the run; its methods: {known}")
    if seed is not None:
        seeds = ", ".join(map(str, rows["seed"]))
        rows = rows[rows["seed"] == seed]
        if rows.empty:
            raise UserError(f"no '{name}' with seed {seed} in the run; its seeds: {seeds}")
    return Cell.read(results.folder, str(rows["cell"].iloc[0]))


def load_method(cell: Cell) -> Method:
    """Return the trained method of a cell.

    Raises
    ------
    UserError
        If its plugin is not loaded, or its model is not in the run folder.
    """
    check_registered(methods, cell.name, [cell.method_plugin])
    if not (cell.model_folder / "fit.json").is_file():
        raise UserError(
            f"'{cell.model_folder}' does not hold the trained {cell.label}: "
            f"add --rerun {cell.name} --keep-models all to the run's command, which trains it again"
        )
    method = MethodSpec(cell.name, cell.parameters).build()
    method.load(cell.model_folder)
    return method


def default_name() -> str:
    """Return the method that is used if none is named; raises `UserError` if it is not here."""
    try:
        ready = DEFAULT in methods.items() and not MethodSpec(DEFAULT).missing()
    except RAISED:
        ready = False
    if not ready:
        raise UserError(
            "no method: name one with --method NAME, --from RUN (the best of a run) or --model FOLDER"
        )
    return DEFAULT


def _refuse_oracle(method: Method) -> None:
    if method.info.family == "hinted":
        raise UserError(f"{method.info.name} only spreads colour hints, which your photos lack")
    if method.info.family == "exemplar":
        raise UserError(f"{method.info.name} only carries on given colour frames, which your films lack")
    if method.info.oracle:
        raise UserError(
            f"{method.info.name} is an oracle: it copies the true colours, which your photos lack"
        )


def _colorist(method: Method, context: Context, request: Request, sample: TrainingSample | None) -> Colorist:
    protocol = protocol_of(request)
    weights = method.parameter_count
    if method.info.family == "deep" and weights is not None and weights <= LIGHT:
        context = replace(context, threads=1)
    if sample is None:
        return Colorist(method, context, protocol)
    train = open_split(request, "train")
    references = References(method.info.reference, sample.references, train, context.seed)
    return Colorist(method, context, protocol, references)
