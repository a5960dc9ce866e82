"""The YAML file that ``--cluster`` names: which cluster runs the cells, and how."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Self

from ... import UserError

ARRAYS: Final = "submitit."
"""Prefix of the clusters that run cells as job arrays: ``submitit.slurm`` and ``submitit.local``."""


@dataclass(frozen=True)
class ClusterFile:
    """The content of a cluster file.

    Attributes
    ----------
    path
        The file.
    cluster
        A class of Dask, or ``submitit.slurm`` or ``submitit.local``.
    options
        Its options.
    jobs
        Number of jobs to request of Dask; most jobs at a time of submitit.
    """

    path: Path
    cluster: str
    options: dict[str, Any]
    jobs: int | None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file.

        Raises
        ------
        UserError
            If it is missing, cannot be read or names no cluster.
        """
        if not path.is_file():
            raise UserError(f"--cluster: not a file: '{path}'; it names the class to start and its options")
        if find_spec("yaml") is None:
            raise UserError("a cluster needs Dask or submitit: pip install 'huebench[cluster]' or [slurm]")
        import yaml

        try:
            given = yaml.safe_load(path.read_text(encoding="utf-8"))
            return cls(path, str(given["cluster"]), dict(given.get("options") or {}), given.get("jobs"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
            raise UserError(f"--cluster {path}: {type(error).__name__}: {error}") from error

    @property
    def arrays(self) -> bool:
        """Whether cells run as job arrays, without a scheduler of Dask."""
        return self.cluster.startswith(ARRAYS)

    def fault(self, error: Exception) -> UserError:
        """Return an error that names the file."""
        return UserError(f"--cluster {self.path}: {type(error).__name__}: {error}")
