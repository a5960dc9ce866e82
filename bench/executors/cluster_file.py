"""The YAML file that ``--cluster`` names: which cluster runs the cells, and how."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Self

from ... import UserError

ARRAYS: Final = "submitit."
"""Prefix of the clusters that run cells as job arrays: ``submitit.slurm`` and ``submitit.local``."""

KEYS: Final[dict[str, tuple[type, str]]] = {
    "cluster": (str, "a name"),
    "jobs": (int, "a number from 1"),
    "options": (dict, "a mapping"),
}
"""Key of a file → its type, and the type in words."""

LOOKS: Final = (
    "write a line 'cluster: SLURMCluster', and if you like 'jobs: 8' and 'options: {cores: 1, memory: 16GB}'"
)
"""What a file must look like, for messages."""


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
            If it is missing, cannot be read, or is no mapping with a cluster, options and jobs.
        """
        if not path.is_file():
            raise UserError(f"--cluster: not a file: '{path}'; it names the class to start and its options")
        if find_spec("yaml") is None:
            raise UserError("a cluster needs Dask or submitit: pip install 'huebench[cluster]' or [slurm]")
        import yaml

        try:
            given = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UserError(f"--cluster {path}: cannot be read: {error.strerror}") from error
        except (ValueError, yaml.YAMLError) as error:
            raise UserError(f"--cluster {path}: not YAML: {' '.join(str(error).split())}; {LOOKS}") from error
        if fault := _fault(given):
            raise UserError(f"--cluster {path}: {fault}; {LOOKS}")
        return cls(path, given["cluster"], given.get("options") or {}, given.get("jobs"))

    @property
    def arrays(self) -> bool:
        """Whether cells run as job arrays, without a scheduler of Dask."""
        return self.cluster.startswith(ARRAYS)

    def fault(self, error: Exception) -> UserError:
        """Return an error that names the file."""
        return UserError(f"--cluster {self.path}: {type(error).__name__}: {error}")


def _fault(given: object) -> str:
    """Return what is wrong with the content of a file, or ``""``."""
    if not isinstance(given, dict):
        return "the file is empty" if given is None else f"a mapping was expected, not {_kind(given)}"
    if unknown := [str(key) for key in given if key not in KEYS]:
        return f"unknown key '{unknown[0]}'; known: {', '.join(KEYS)}"
    if given.get("cluster") is None:
        return "'cluster' is missing"
    for key, (kind, wanted) in KEYS.items():
        value = given.get(key)
        if value is not None and (not isinstance(value, kind) or (isinstance(value, int) and value < 1)):
            return f"'{key}' must be {wanted}, not {_kind(value)}"
    return ""


def _kind(value: object) -> str:
    """Return a value of YAML in words."""
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else f"'{value}'"
