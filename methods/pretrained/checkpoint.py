"""Published files of weights: what they are called, where they live, and under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...files import weights_on_disk


@dataclass(frozen=True)
class Source:
    """One address of a published file.

    Attributes
    ----------
    url
        Its address.
    sha256
        SHA-256 hex digest of the file there, or ``""`` if it is not known.
    size
        Its size in bytes, or ``None`` if it is not known.
    """

    url: str
    sha256: str = ""
    size: int | None = None


@dataclass(frozen=True)
class Checkpoint:
    """A published set of weights.

    Attributes
    ----------
    name
        Name for ``bench weights get``.
    file
        Name of the file, as published where that name is unique.
    method
        The method, or timm's name of the encoder, whose network it is for.
    sources
        Where it can be fetched, best first; the others are mirrors. The same weights may be packed into
        different files.
    licence
        Licence of the weights, and how that is known.
    page
        The publisher's page.
    """

    name: str
    file: str
    method: str
    sources: tuple[Source, ...]
    licence: str
    page: str

    @property
    def digests(self) -> tuple[str, ...]:
        """The known SHA-256 digests."""
        return tuple(source.sha256 for source in self.sources if source.sha256)

    def find(self, where: str = "auto") -> Path | None:
        """Find the file on this machine.

        Parameters
        ----------
        where
            A file with any name, a folder, ``auto`` or ``none``, as for `weights_on_disk`; in a folder, the
            published file, or one in safetensors' format with its name.

        Raises
        ------
        UserError
            If ``where`` is a path without such a file, or ``HUEBENCH_WEIGHTS`` is not a folder.
        """
        safe = Path(self.file).with_suffix(".safetensors").name
        return weights_on_disk(self.file, safe, where=where)

    def missing(self) -> str:
        """Return the command that fetches it, in one line; no path of this machine, as reports show it."""
        return f"weights not found: bench weights get {self.name}"
