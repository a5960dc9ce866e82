"""Datasets by the text that names them: ``NAME`` or ``NAME:PATH``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from .. import UserError
from ..plugins import RAISED
from .base import Dataset, DatasetInfo, datasets
from .faults import fault_of_entries, fault_of_facts


def dataset_info(spec: str) -> DatasetInfo:
    """Return the facts about a dataset without opening it.

    Parameters
    ----------
    spec
        ``NAME`` or ``NAME:PATH``.

    Raises
    ------
    UserError
        If the name is unknown.

    Examples
    --------
    >>> dataset_info("folder:my/photos").size
    256
    """
    return _class_of(spec).info


def names_in(spec: str) -> list[str]:
    """Return the names in ``NAME:PATH``: two or more if ``PATH`` is a dataset.

    Examples
    --------
    >>> names_in("pan:folder:my/photos"), names_in("folder:my/photos")
    (['pan', 'folder'], ['folder'])
    """
    name, _, inner = spec.partition(":")
    return [name, *(names_in(inner) if inner and datasets.get(name).of_dataset else ())]


def absolute(spec: str) -> str:
    """Return ``NAME:PATH`` with an absolute path; also where ``PATH`` is a dataset with a path."""
    name, _, path = spec.partition(":")
    if not path:
        return spec
    inner = absolute(path) if datasets.get(name).of_dataset else Path(path).expanduser().resolve()
    return f"{name}:{inner}"


def open_dataset(spec: str, root: Path | None = None, *, follow_links: bool = False) -> Dataset:
    """Open a dataset and check its entries and facts, which stay the same from then on.

    Parameters
    ----------
    spec
        ``NAME``, or ``NAME:PATH`` for the photos at ``PATH``.
    root
        The path that ``--data-root`` names, instead of ``PATH``.
    follow_links
        Whether to follow symbolic links out of the folder and to folders, where the dataset is a folder.

    Raises
    ------
    UserError
        If the name is unknown, if ``PATH`` and ``root`` are both given, if the photos are not where they
        should be, or if an entry or a fact is wrong.

    Examples
    --------
    >>> open_dataset("samples").info.size
    128
    """
    _, _, path = spec.partition(":")
    if path and root is not None:
        raise UserError(f"dataset '{spec}' and --data-root '{root}' both name a path: leave one out")
    cls, name = _class_of(spec), spec.partition(":")[0]
    place = Path(path) if path else root
    options = {"follow_links": True} if follow_links and cls.follows_links else {}
    try:
        dataset = cls(place.expanduser() if place else None, **options)
        entries, facts = dataset.entries(), dataset.facts()
    except (UserError, MemoryError):
        raise
    except RAISED as error:
        raise UserError(f"dataset '{name}' cannot be opened: {type(error).__name__}: {error}") from error
    if fault := fault_of_entries(entries) or fault_of_facts(facts):
        raise UserError(f"dataset '{name}': {fault}")
    # A plugin may answer otherwise, or fail, when it is asked again.
    dataset.entries = lambda: entries  # type: ignore[method-assign]
    dataset.facts = lambda: facts  # type: ignore[method-assign]
    dataset.fingerprint = cache(dataset.fingerprint)  # type: ignore[method-assign]
    return dataset


def _class_of(spec: str) -> type[Dataset]:
    name = spec.partition(":")[0]
    if name not in datasets.items() and ("/" in spec or Path(spec).is_dir()):
        raise UserError(f"unknown dataset '{spec}'; for a folder of photos write folder:{spec}")
    return datasets.get(name)
