"""The method's own process: `serve` answers the requests of the cell's process."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ... import UserError
from ...datasets.base import RGB, Dataset, DatasetInfo, Entry, PhotoError
from ...datasets.photos import PhotoSet
from ...files import size_on_disk
from ...methods.base import Epoch, Method
from ...methods.hints import Hints
from ...methods.spec import MethodSpec
from ...plugins import check_imports, import_only
from ..plan.cell import Cell
from ..plan.facts import Learned, checked, checked_event
from ..plan.keys import given_source
from .channel import FITTED, Channel, ChannelClosedError, Message
from .colorizer import InProcess, MethodInput
from .isolation import close_file_system
from .limits import limit_memory
from .training_group import training_group


class ChannelPhotos(Dataset):
    """Photos of one split, requested through the channel.

    Parameters
    ----------
    channel
        The connection to the cell's process.
    split
        Name of the split.
    entries
        Its photos.
    """

    info = DatasetInfo("channel", "photos of one split", "the run", "as the run's", "one split")

    def __init__(self, channel: Channel, split: str, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._channel = channel
        self._name = split
        self._entries = entries

    def entries(self) -> Sequence[Entry]:
        """Return the photos of the split."""
        return self._entries

    def read(self, entry: Entry) -> RGB:
        """Request one photo, at the protocol's size."""
        self._channel.send("photo", split=self._name, photo=entry.id)
        message = _received(self._channel)
        if message.kind != "photo":
            raise PhotoError(message.fields["reason"])
        return message.arrays[0]

    def load(self, entry: Entry) -> RGB:
        """Request one photo; errors of the channel are not the photo's fault."""
        return self.read(entry)

    def packed(self, entries: Sequence[Entry], size: int) -> tuple[RGB, dict[str, str]]:
        """Request all photos as one memory-mapped array, and the reasons for any left out."""
        photos = [entry.id for entry in entries]
        self._channel.send("packed", split=self._name, photos=photos, size=size)
        fields = _received(self._channel).fields
        return np.load(fields["path"], mmap_mode="r", allow_pickle=False), fields["failures"]


class ChannelPhotoSet(PhotoSet):
    """A photo set whose packed copies are made by the cell's process."""

    def packed(self, size: int) -> RGB:
        """Return all decodable photos as one memory-mapped array; see `PhotoSet.packed`."""
        assert isinstance(self.dataset, ChannelPhotos)  # noqa: S101  # by construction
        packed, failures = self.dataset.packed(self.entries, size)
        self.failures.update(failures)
        return packed


def _received(channel: Channel) -> Message:
    """Return the answer of the cell's process; raise a UserError if it could not read what was requested."""
    message = channel.receive()
    if message.kind == "lost":
        raise UserError(message.fields["reason"])
    return message


def serve(channel: Channel, specification: Path) -> None:
    """Serve the requests of the cell's process until it ends or sends the last one."""
    try:
        _Served(channel, specification).run()
    except ChannelClosedError:
        return


class _Served:
    def __init__(self, channel: Channel, specification: Path) -> None:
        self._channel = channel
        self._specification = specification
        self._method: Method | None = None
        self._modules = 0

    def run(self) -> None:
        while (message := self._channel.receive()).kind != "end":
            try:
                self._answer(message)
            except ChannelClosedError:
                raise
            except BaseException as error:  # noqa: BLE001  # including SystemExit: a method may raise anything
                self._channel.send("failed", **_described(error))
        self._channel.send("answer")

    def _answer(self, message: Message) -> None:
        match message.kind:
            case "build":
                self._build(Path(message.fields["scratch"]))
                self._channel.send("answer")
            case "fit":
                self._channel.send("answer", **self._fit(message.fields))
            case "save":
                self._built.save(Path(message.fields["folder"]))
                self._channel.send("answer")
            case "load":
                self._built.load(Path(message.fields["folder"]))
                self._channel.send("answer")
            case "colorize":
                self._colorize(self._built, message)

    @property
    def _built(self) -> Method:
        assert self._method is not None  # noqa: S101  # the cell's process requests it first
        return self._method

    def _check_imports(self) -> None:
        """Check the plugin's imports if there are new ones."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            check_imports([self._cell.method_plugin])

    def _build(self, scratch: Path) -> None:
        cell = self._cell = Cell.of_specification(self._specification)
        limit_memory(cell.request.max_memory, cell.request.device)
        plugins = [cell.method_plugin] if cell.method_plugin else []
        import_only(plugins)
        # The same object names its files and reads them: where it found them may be closed to it afterwards.
        self._method = MethodSpec(cell.name, cell.parameters).build()
        files = self._method.files
        cell.check_given(given_source(plugins, files), cell.method_given)
        if cell.request.isolate:
            close_file_system(cell, files, scratch)
        self._check_imports()

    def _colorize(self, method: Method, message: Message) -> None:
        lightness, *optional = message.arrays
        named = dict(zip(message.fields["names"], optional, strict=True))
        hints = Hints(named.pop("hint_ab"), named.pop("hint_mask") > 0) if "hint_ab" in named else None
        given = MethodInput(lightness, **named, starts=bool(message.fields["starts"]), hints=hints)
        answer = InProcess(method, self._cell.context())(given)
        self._check_imports()
        self._channel.send("answer", answer.chroma, seconds=answer.seconds)

    def _fit(self, given: dict[str, Any]) -> dict[str, Any]:
        method = self._built
        train, validation = (self._photos(split, given) for split in FITTED)
        context = self._cell.context(
            checkpoints=Path(given["checkpoints"]),
            progress=lambda done, total, what: self._tell(done=done, total=total, what=what),
            log_epoch=self._log_epoch,
            validate=self._validated,
        )
        start = time.perf_counter()
        with training_group(self._cell):
            method.fit(train, validation, context)
        self._check_imports()
        learned = {
            "seconds": time.perf_counter() - start,
            "train_photos": len(train) - len(train.failures)
            if method.train_photos is None
            else method.train_photos,
            "parameter_count": method.parameter_count,
            "file_bytes": size_on_disk(method.files),
            "notes": method.notes,
            "trainable": method.info.trainable,
        }
        return checked(Learned, learned)

    def _photos(self, split: str, given: dict[str, Any]) -> PhotoSet:
        entries = [Entry(**entry) for entry in given["entries"][split]]
        dataset = ChannelPhotos(self._channel, split, entries)
        return ChannelPhotoSet(dataset, entries, lambda rgb: rgb, given["keys"][split], Path())

    def _tell(self, **fields: Any) -> None:
        self._channel.send("event", **checked_event(fields))

    def _log_epoch(self, epoch: Epoch) -> None:
        self._tell(**asdict(epoch))

    def _validated(self, fitted: Method) -> float:
        """Answer `Context.validate`; meanwhile the cell's process requests chroma for some photos."""
        self._channel.send("validate")
        while (message := _received(self._channel)).kind == "colorize":
            self._colorize(fitted, message)
        auc: float = message.fields["auc"]
        return auc


def _described(error: BaseException) -> dict[str, Any]:
    """Return an exception as message fields."""
    kind = type(error).__name__
    own = isinstance(error, UserError) and kind == "UserError"
    return {
        "reason": f"{error}" if own else f"{kind}: {error}".strip(": "),
        "trace": "".join(traceback.format_exception(error)),
        "memory": isinstance(error, MemoryError) or kind == "OutOfMemoryError",
    }
