"""The checks: each is a function of a `Subject`, and its docstring is the promise that it checks."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import source_from_cache
from pathlib import Path

import numpy as np

from ...datasets.digests import cache_folder
from ...methods.base import Chroma, Context, Lightness, Method
from ...sources import code_of
from ..cell.colorizer import checked_chroma
from .observing import held
from .subject import Subject

BATCH_TOLERANCE = 1e-3
"""Largest difference in ab between a photo alone and in a batch: a network sums in another order there."""

SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64")
"""System folders, which any program reads."""

COMPILED = (".nbi", ".nbc")
"""Suffixes of files that Numba compiles from code."""


class CheckFailedError(Exception):
    """A method breaks the contract; the message says how."""


class CheckSkippedError(Exception):
    """A check does not apply; the message says why."""


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
    """Photos of 16×16 and 17×31 pixels are colorized too."""
    method = subject.fitted
    for height, width in ((16, 16), (17, 31)):
        subject.answer(method, subject.lightness()[:1, :height, :width])


def check_determinism(subject: Subject) -> None:
    """Two fits with the same seed give identical answers."""
    lightness = subject.lightness()
    _same(
        subject.answer(subject.fit(), lightness),
        subject.answer(subject.fitted, lightness),
        "two fits with the same seed give different answers",
    )


def check_seed(subject: Subject) -> None:
    """Another seed changes nothing, unless the method declares `seeded`."""
    if type(subject.spec.build()).info.seeded:
        raise CheckSkippedError("the method declares seeded: its answer may depend on the seed")
    lightness = subject.lightness()
    _same(
        subject.answer(subject.fit(seed=8), lightness, seed=8),
        subject.answer(subject.fitted, lightness),
        "another seed changes the answer, so the method must declare seeded=True",
    )


def check_batches(subject: Subject) -> None:
    """A photo's answer does not depend on the rest of its batch, but for `BATCH_TOLERANCE` of a network."""
    method, lightness = subject.fitted, subject.lightness()
    if method.info.temporal:
        raise CheckSkippedError("a frame's answer may depend on those before it")
    context = subject.context(len(lightness))
    together = method.colorize(lightness.copy(), context)
    for i in range(len(lightness)):
        one = Context(
            seed=context.seed,
            budget=context.budget,
            references=None if context.references is None else context.references[i : i + 1],
            true_chroma=None if context.true_chroma is None else context.true_chroma[i : i + 1],
            hints=None if context.hints is None else context.hints[i : i + 1],
        )
        alone = method.colorize(lightness[i : i + 1].copy(), one)
        apart = f"photo {i} is colorized differently alone and in a batch"
        _same(alone[0], together[i], apart, within=BATCH_TOLERANCE)


def check_chunks(subject: Subject) -> None:
    """A clip's frames are colorized alike in one chunk, in chunks of two, and one by one, after any clip."""
    method = _temporal(subject)
    frames = subject.clip()
    whole = _in_chunks(subject, method, frames, len(frames))
    for size in (2, 1):
        other = np.ascontiguousarray(frames[::-1, ::-1])
        _in_chunks(subject, method, other, 3)  # what another clip leaves behind must not matter
        answer = _in_chunks(subject, method, frames, size)
        _same(answer, whole, f"a clip is colorized differently in chunks of {size}, after another clip")


def check_memory(subject: Subject) -> None:
    """What a method keeps from frame to frame does not grow with the clip."""
    method = _temporal(subject)
    frames = subject.clip()
    kept = []
    method.start()
    for _ in range(4):
        _continue(subject, method, frames)
        kept.append(held(method))
    if kept[-1] > kept[0]:
        grown = f"from {kept[0]:,} to {kept[-1]:,} bytes in {3 * len(frames)} frames"
        raise CheckFailedError(f"what it keeps grows with the clip, {grown}")


def check_save_and_load(subject: Subject) -> None:
    """A method gives the same answers after saving and loading."""
    method, lightness = subject.fitted, subject.lightness()
    folder = subject.folder / "model"
    folder.mkdir(exist_ok=True)
    method.save(folder)
    loaded = subject.spec.build()
    loaded.load(folder)
    _same(subject.answer(loaded, lightness), subject.answer(method, lightness), "load does not restore save")


def check_inputs_unchanged(subject: Subject) -> None:
    """Neither the lightness nor the references nor the hints are written to."""
    method, lightness = subject.fitted, subject.lightness()
    context = subject.context(len(lightness))
    before = lightness.copy()
    references = None if context.references is None else context.references.copy()
    hints = None if context.hints is None else context.hints.ab.copy()
    method.colorize(lightness, context)
    _same(lightness, before, "colorize changes the lightness it is given")
    if hints is not None and context.hints is not None:
        _same(context.hints.ab, hints, "colorize changes the hints it is given")
    if references is not None and context.references is not None:
        _same(context.references, references, "colorize changes the references it is given")


def check_threads(subject: Subject) -> None:
    """The number of threads changes nothing, unless the method declares `all_threads`."""
    if type(subject.spec.build()).info.all_threads:
        raise CheckSkippedError("the method declares all_threads: it always gets all of them")
    import numba

    most: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]  # set on import
    if most == 1:
        raise CheckSkippedError("this machine has one core: there is no other number of threads to try")
    lightness, before = subject.lightness(), numba.get_num_threads()
    answers = []
    try:
        for threads in (1, most):
            numba.set_num_threads(threads)
            answers.append(subject.answer(subject.fit(), lightness))
    finally:
        numba.set_num_threads(before)
    _same(answers[0], answers[1], f"1 and {most} threads give different answers")


def check_hidden_colour(subject: Subject) -> None:
    """Swapping the test photos' hidden colours changes nothing."""
    info = subject.spec.build().info
    if info.oracle or info.family == "exemplar":
        raise CheckSkippedError("an oracle is meant to see the hidden colour")
    method, lightness = subject.fitted, subject.lightness()
    before = subject.answer(method, lightness)
    subject.dataset.swapped = True
    try:
        after = subject.answer(method, lightness)
    finally:
        subject.dataset.swapped = False
    _same(after, before, "the answer depends on the hidden colours")


def check_hints(subject: Subject) -> None:
    """Without hints there is an answer too, and swapping all colours outside the hints changes nothing."""
    if not subject.fitted.info.hints:
        raise CheckSkippedError("it uses no hints")
    method, lightness, context = subject.fitted, subject.lightness(), subject.context()
    subject.answer_to(method, lightness, context)
    hints = subject.hints(lightness)
    before = subject.answer_to(method, lightness, replace(context, hints=hints))
    names = [entry.id for entry in subject.photos("test").entries]
    subject.dataset.kept, subject.dataset.swapped = dict(zip(names, hints.mask, strict=True)), True
    try:
        after = subject.answer_to(method, lightness, replace(context, hints=subject.hints(lightness)))
    finally:
        subject.dataset.swapped, subject.dataset.kept = False, {}
    _same(after, before, "the answer depends on colours outside the hints")


def check_files(subject: Subject) -> None:
    """Every file that fit and colorize read is part of the result's key: it is code, or in `Method.files`.

    Files that the method wrote itself do not count. Files that a library opens without Python are not seen.
    """
    method = subject.fitted
    subject.answer(method, subject.lightness())
    code = code_of(type(method).__module__, Path(inspect.getfile(type(method))))
    known = [*map(Path, {*SYSTEM, sys.prefix, sys.base_prefix}), cache_folder(), subject.folder]
    known += [*method.files, *code.files.values()]
    known = [path.resolve() for path in known]
    ours = Path(__file__).resolve().parents[2]
    for path in map(_source_of, subject.opened):
        if path.suffix in COMPILED or (path.suffix == ".py" and path.is_relative_to(ours)):
            continue
        if path.is_file() and not any(path.is_relative_to(each) for each in known):
            raise CheckFailedError(
                f"it reads '{path}', which is in no key: make it a Path parameter, or add it to `files`"
            )


def _temporal(subject: Subject) -> Method:
    if not subject.fitted.info.temporal:
        raise CheckSkippedError("it keeps nothing from frame to frame")
    return subject.fitted


def _in_chunks(subject: Subject, method: Method, frames: Lightness, size: int) -> Chroma:
    """Colorize a clip from its start in chunks of a size."""
    method.start()
    return _continue(subject, method, frames, size)


def _continue(subject: Subject, method: Method, frames: Lightness, size: int = 2) -> Chroma:
    """Colorize the next frames of a clip in chunks of a size."""
    context = subject.context(len(frames))
    answers = []
    for start in range(0, len(frames), size):
        part = slice(start, start + size)
        truth = None if context.true_chroma is None else context.true_chroma[part]
        references = None if context.references is None else context.references[part]
        own = replace(context, true_chroma=truth, references=references)
        chunk = frames[part]
        answers.append(checked_chroma(method.colorize(chunk.copy(), own), chunk))
    return np.concatenate(answers)


def _source_of(path: Path) -> Path:
    """Return the source file of a module that Python has compiled, or the same path."""
    try:
        return Path(source_from_cache(path)) if path.suffix == ".pyc" else path
    except ValueError:  # not in a __pycache__
        return path


def _same(answer: np.ndarray, wanted: np.ndarray, message: str, within: float = 0.0) -> None:
    worst = np.abs(answer.astype(np.float64) - wanted).max(initial=0.0)
    if not worst <= within:
        raise CheckFailedError(f"{message} (by up to {worst:.3g})")


CHECKS: dict[str, Callable[[Subject], None]] = {
    "metadata": check_metadata,
    "answer": check_answer,
    "odd sizes": check_odd_sizes,
    "determinism": check_determinism,
    "seed": check_seed,
    "batch independence": check_batches,
    "chunks of a clip": check_chunks,
    "memory of a clip": check_memory,
    "save and load": check_save_and_load,
    "inputs unchanged": check_inputs_unchanged,
    "threads": check_threads,
    "hidden colour": check_hidden_colour,
    "hints": check_hints,
    "files": check_files,
}
