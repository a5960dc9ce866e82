"""From what ``--dataset`` says to a dataset."""

from __future__ import annotations

from pathlib import Path

from .. import UserError
from .base import Dataset, DatasetInfo, datasets


def dataset_info(spec: str) -> DatasetInfo:
    """Return what is known of a dataset without opening it.

    Parameters
    ----------
    spec
        ``NAME`` or ``NAME:PATH``.

    Raises
    ------
    UserError
        If no dataset has that name.

    Examples
    --------
    >>> dataset_info("folder:my/photos").size
    256
    """
    return datasets.get(spec.partition(":")[0]).info


def open_dataset(spec: str, root: Path | None = None) -> Dataset:
    """Open a dataset.

    Parameters
    ----------
    spec
        ``NAME``, or ``NAME:PATH`` for a set that lies at ``PATH``.
    root
        What ``--data-root`` says, in place of ``PATH``.

    Raises
    ------
    UserError
        If no dataset has that name, if ``PATH`` and ``root`` are both given, or if the photos are not where
        they should be.

    Examples
    --------
    >>> open_dataset("samples").info.size
    128
    """
    name, _, path = spec.partition(":")
    if path and root is not None:
        raise UserError(f"dataset '{spec}' and --data-root '{root}' name two places: leave one out")
    return datasets.get(name)(Path(path) if path else root)
