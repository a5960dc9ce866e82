"""The conformance suite: what every method must keep to, checked on a dozen small photos.

``bench check NAME`` runs it on one method; the project's tests run it on all of them.
"""

from __future__ import annotations

import inspect
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .. import UserError
from ..datasets.base import RGB, Dataset, DatasetInfo, Entry, Split
from ..datasets.color.conversion import lab_to_rgb, rgb_to_lab
from ..datasets.digests import cache_folder
from ..datasets.photos import PhotoSet
from ..methods.base import Chroma, Context, Lightness, Method
from ..methods.spec import MethodSpec, parse_specs
from ..plugins import RAISED
from ..sources import code_of
from .cell.pipeline import checked_chroma

SIDE = 32
"""Side of the suite's photos in pixels."""

SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64")
"""Folders of the system, which any program reads."""

COMPILED = (".pyc", ".nbi", ".nbc")
"""Endings of files that Python and Numba make of code."""

COUNTS: dict[Split, int] = {"train": 8, "validation": 2, "test": 3}


class CheckFailedError(Exception):
    """A method does not keep to the contract; the message says how."""


class CheckSkippedError(Exception):
    """A check does not apply; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """How one check ended: its `name`, its `result`, and in `detail` why it failed or was skipped."""

    name: str
    result: Literal["passed", "failed", "skipped"]
    detail: str = ""


class TinyDataset(Dataset):
    """Smooth random colours, made from the photo's number; the hidden colours of the test can be swapped."""

    info = DatasetInfo("tiny", "a dozen made photos", "made by the suite", "none", "8/2/3")

    def __init__(self) -> None:
        super().__init__()
        self.swapped = False

    def entries(self) -> Sequence[Entry]:
        """Return 8 training, 2 validation and 3 test photos."""
        return [
            Entry(f"{split}/{i}", split, "", "", f"{split}/{i}")
            for split in COUNTS
            for i in range(COUNTS[split])
        ]

    def read(self, entry: Entry) -> RGB:
        """Make the photo; with `swapped`, a test photo keeps its lightness and has other colours."""
        rng = np.random.default_rng(list(entry.id.encode()))
        coarse = rng.uniform([20, -30, -30], [80, 30, 30], (4, 4, 3)).astype(np.float32)
        lab = coarse.repeat(SIDE // 4, 0).repeat(SIDE // 4, 1) + rng.normal(0, 2, (SIDE, SIDE, 3))
        photo = lab_to_rgb(*_planes(lab))
        if entry.split == "test" and self.swapped:
            lightness, chroma = rgb_to_lab(photo)
            return lab_to_rgb(lightness, -chroma[..., ::-1])
        return photo


@dataclass
class Subject:
    """A method under test, with the photos it learns from and those it must colour."""

    spec: MethodSpec
    dataset: TinyDataset
    folder: Path
    opened: list[Path] = field(default_factory=list)

    def photos(self, split: Split) -> PhotoSet:
        """Open one split."""
        return PhotoSet(self.dataset, self.dataset.split(split), lambda rgb: rgb, "", self.folder / "packed")

    def context(self, count: int = 0, shape: tuple[int, int] = (SIDE, SIDE), seed: int = 7) -> Context:
        """Return a context with the references or true chroma that the method needs for ``count`` targets."""
        info = self.spec.build().info
        rng = np.random.default_rng(1)
        truth = rng.uniform(-40, 40, (count, *shape, 2)).astype(np.float32)
        references = rng.integers(0, 256, (count, *shape, 3), dtype=np.uint8)
        return Context(
            seed=seed,
            budget="smoke",
            references=references if info.reference != "none" else None,
            true_chroma=truth if info.oracle else None,
        )

    @cached_property
    def fitted(self) -> Method:
        """The method, fitted once for all checks under the smoke budget."""
        return self.fit()

    def fit(self, seed: int = 7) -> Method:
        """Build the method and fit it."""
        method = self.spec.build()
        with _noted(self.opened):
            method.fit(self.photos("train"), self.photos("validation"), self.context(seed=seed))
        return method

    def lightness(self) -> Lightness:
        """Return the test photos' lightness, float32 (3, 32, 32)."""
        return np.stack([rgb_to_lab(photo.rgb)[0] for photo in self.photos("test")])

    def answer(self, method: Method, lightness: Lightness, seed: int = 7) -> Chroma:
        """Colorize, and check what every answer must be."""
        count, height, width = lightness.shape
        context = self.context(count, (height, width), seed)
        with _noted(self.opened):
            chroma = method.colorize(lightness.copy(), context)
        return checked_chroma(chroma, lightness)


def check_metadata(subject: Subject) -> None:
    """The class has a docstring, and every parameter has a description."""
    cls = type(subject.spec.build())
    if not (cls.__doc__ or "").strip():
        raise CheckFailedError("it needs a docstring")
    for name, parameter in cls.Parameters.model_fields.items():
        if not parameter.description:
            raise CheckFailedError(f"parameter '{name}' needs a description")


def check_answer(subject: Subject) -> None:
    """The chroma has the promised shape and dtype, is finite and lies in −128…128."""
    answer = subject.answer(subject.fitted, subject.lightness())
    if np.abs(answer).max() > 128:
        raise CheckFailedError(f"|ab| reaches {np.abs(answer).max():.1f}; it must stay within 128")


def check_odd_sizes(subject: Subject) -> None:
    """Photos of 1×1 and 17×31 pixels are answered as well."""
    method = subject.fitted
    for height, width in ((1, 1), (17, 31)):
        subject.answer(method, subject.lightness()[:1, :height, :width])


def check_determinism(subject: Subject) -> None:
    """Two fits under one seed answer the same bytes."""
    lightness = subject.lightness()
    _same(
        subject.answer(subject.fit(), lightness),
        subject.answer(subject.fitted, lightness),
        "two fits under one seed answer differently",
    )


def check_seed(subject: Subject) -> None:
    """Another seed changes nothing, unless the method declares that it does."""
    if type(subject.spec.build()).info.seeded:
        raise CheckSkippedError("the method declares seeded: its answer may depend on the seed")
    lightness = subject.lightness()
    _same(
        subject.answer(subject.fit(seed=8), lightness, seed=8),
        subject.answer(subject.fitted, lightness),
        "another seed changes the answer, so the method must declare seeded=True",
    )


def check_batches(subject: Subject) -> None:
    """A photo's answer does not depend on the photos beside it."""
    method, lightness = subject.fitted, subject.lightness()
    context = subject.context(len(lightness))
    together = method.colorize(lightness.copy(), context)
    for i in range(len(lightness)):
        one = Context(
            seed=context.seed,
            budget=context.budget,
            references=None if context.references is None else context.references[i : i + 1],
            true_chroma=None if context.true_chroma is None else context.true_chroma[i : i + 1],
        )
        alone = method.colorize(lightness[i : i + 1].copy(), one)
        _same(alone[0], together[i], f"photo {i} is coloured differently alone and in a batch")


def check_save_and_load(subject: Subject) -> None:
    """A saved and loaded method answers as before."""
    method, lightness = subject.fitted, subject.lightness()
    folder = subject.folder / "model"
    folder.mkdir(exist_ok=True)
    method.save(folder)
    loaded = subject.spec.build()
    loaded.load(folder)
    _same(subject.answer(loaded, lightness), subject.answer(method, lightness), "load does not restore save")


def check_inputs_unchanged(subject: Subject) -> None:
    """Neither the lightness nor the references are written to."""
    method, lightness = subject.fitted, subject.lightness()
    context = subject.context(len(lightness))
    before = lightness.copy()
    references = None if context.references is None else context.references.copy()
    method.colorize(lightness, context)
    _same(lightness, before, "colorize changes the lightness it is given")
    if references is not None and context.references is not None:
        _same(context.references, references, "colorize changes the references it is given")


def check_threads(subject: Subject) -> None:
    """The number of threads changes nothing, unless the method says that it does."""
    if type(subject.spec.build()).info.all_threads:
        raise CheckSkippedError("the method declares all_threads: it always gets all of them")
    import numba

    most: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]  # set when numba is imported
    lightness, before = subject.lightness(), numba.get_num_threads()
    answers = []
    try:
        for threads in (1, most):
            numba.set_num_threads(threads)
            answers.append(subject.answer(subject.fit(), lightness))
    finally:
        numba.set_num_threads(before)
    _same(answers[0], answers[1], f"1 and {most} threads answer differently")


def check_hidden_colour(subject: Subject) -> None:
    """Swapping the hidden colours of the test photos changes nothing."""
    if type(subject.spec.build()).info.oracle:
        raise CheckSkippedError("an oracle is meant to see the hidden colour")
    method, lightness = subject.fitted, subject.lightness()
    before = subject.answer(method, lightness)
    subject.dataset.swapped = True
    try:
        after = subject.answer(method, lightness)
    finally:
        subject.dataset.swapped = False
    _same(after, before, "the answer changes with the colour it must not see")


def check_files(subject: Subject) -> None:
    """Every file that fit and colorize read is known to the key: it is code, or in `Method.files`.

    Files that it has made itself do not count. Files that a library opens without Python are not seen.
    """
    method = subject.fitted
    subject.answer(method, subject.lightness())
    code = code_of(type(method).__module__, Path(inspect.getfile(type(method))))
    known = [*map(Path, {*SYSTEM, sys.prefix, sys.base_prefix}), cache_folder(), subject.folder]
    known += [*method.files, *code.files.values()]
    known = [path.resolve() for path in known]
    ours = Path(__file__).resolve().parents[1]
    for path in subject.opened:
        if path.suffix in COMPILED or (path.suffix == ".py" and path.is_relative_to(ours)):
            continue
        if path.is_file() and not any(path.is_relative_to(each) for each in known):
            raise CheckFailedError(
                f"it reads '{path}', which no key knows: make it a Path parameter, or add it to `files`"
            )


CHECKS: dict[str, Callable[[Subject], None]] = {
    "metadata": check_metadata,
    "answer": check_answer,
    "odd sizes": check_odd_sizes,
    "determinism": check_determinism,
    "seed": check_seed,
    "batch independence": check_batches,
    "save and load": check_save_and_load,
    "inputs unchanged": check_inputs_unchanged,
    "threads": check_threads,
    "hidden colour": check_hidden_colour,
    "files": check_files,
}


def run_checks(spec: MethodSpec) -> list[Outcome]:
    """Run all of `CHECKS` on a method."""
    try:
        reason = spec.missing()
    except UserError:  # a wrong parameter
        raise
    except RAISED as error:  # whatever a method raises is a failed check
        return [Outcome(name, "failed", f"{type(error).__name__}: {error}") for name in CHECKS]
    if reason:
        return [Outcome(name, "skipped", reason) for name in CHECKS]
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(spec, TinyDataset(), Path(folder))
        return [_run_check(name, subject) for name in CHECKS]


def print_checks(text: str, console: Console) -> bool:
    """Run the suite on the methods a text names, show the outcomes, and return whether none failed."""
    marks = {"passed": "[green]passed", "failed": "[red]failed", "skipped": "[yellow]skipped"}
    sound = True
    for spec in parse_specs(text):
        table = Table(
            "check",
            "result",
            "",
            title=escape(spec.name),
            box=None,
            header_style="bold",
            title_justify="left",
        )
        for outcome in run_checks(spec):
            sound = sound and outcome.result != "failed"
            table.add_row(outcome.name, marks[outcome.result], escape(outcome.detail))
        console.print(table)
    return sound


def _run_check(name: str, subject: Subject) -> Outcome:
    try:
        CHECKS[name](subject)
    except CheckSkippedError as skipped:
        return Outcome(name, "skipped", str(skipped))
    except CheckFailedError as failed:
        return Outcome(name, "failed", str(failed))
    except RAISED as error:  # whatever a method raises is a failed check
        return Outcome(name, "failed", f"{type(error).__name__}: {error}")
    return Outcome(name, "passed")


_noting: list[list[Path]] = []
"""Lists that take the files that are read at the moment."""

_made: set[Path] = set()
"""Files and folders that were made meanwhile."""


@contextmanager
def _noted(opened: list[Path]) -> Iterator[None]:
    """Note which files are read that were not made meanwhile."""
    _add_hook()
    _noting.append(opened)
    try:
        yield
    finally:
        _noting.pop()


@cache
def _add_hook() -> None:
    sys.addaudithook(_note)  # there is no way to remove it: it does nothing while nothing is noted


def _note(event: str, given: tuple[object, ...]) -> None:
    if not _noting or event not in ("open", "os.mkdir") or not isinstance(given[0], str | bytes):
        return
    path = Path(os.fsdecode(given[0])).resolve()
    flags = given[2]
    if event == "os.mkdir" or (isinstance(flags, int) and flags & (os.O_CREAT | os.O_TRUNC)):
        _made.add(path)
    elif _made.isdisjoint((path, *path.parents)):
        _noting[-1].append(path)


def _planes(lab: np.ndarray) -> tuple[Lightness, Chroma]:
    return lab[..., 0].clip(0, 100).astype(np.float32), lab[..., 1:].astype(np.float32)


def _same(answer: np.ndarray, wanted: np.ndarray, message: str) -> None:
    if not np.array_equal(answer, wanted):
        worst = np.abs(answer.astype(np.float64) - wanted).max()
        raise CheckFailedError(f"{message} (by up to {worst:.3g})")
