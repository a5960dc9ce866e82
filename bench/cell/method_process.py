"""The handle of a method's process, which takes lightness and returns chroma.

The cell's process holds it: it reads the photos, hides their colour and scores the answers. The method's
process never holds the photos or the scorer. During training it can request only the photos of `FITTED`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ... import UserError
from ...datasets.base import Entry, PhotoError, Split
from ...datasets.photos import PhotoSet
from ..plan.facts import Learned, checked, checked_event
from .channel import Channel, ChannelClosedError, Message
from .colorizer import Answer, MethodInput, checked_chroma
from .ending import end_alike


class MethodError(Exception):
    """A method raised an exception; the message is that exception in one line.

    Attributes
    ----------
    trace
        The method's traceback.
    out_of_memory
        Whether memory ran out.
    """

    def __init__(self, reason: str, trace: str, *, out_of_memory: bool) -> None:
        super().__init__(reason)
        self.trace = trace
        self.out_of_memory = out_of_memory


class MethodProcess:
    """A method in a process of its own; a `Colorizer`.

    Parameters
    ----------
    channel
        The connection to `huebench.bench.cell.method_server.serve`.
    pid
        The process's id.
    scratch
        A folder for its temporary files, which the cell's supervisor deletes.

    Attributes
    ----------
    tell : Callable
        Receives every training event: ``{"done", "total", "what"}`` or an epoch's numbers.
    """

    def __init__(self, channel: Channel, pid: int, scratch: Path) -> None:
        self.tell: Callable[[dict[str, Any]], None] = lambda _: None
        self._channel = channel
        self._pid = pid
        self._scratch = scratch
        self._killed = False
        self._photos: Mapping[Split, PhotoSet] = {}
        self._entries: dict[Split, dict[str, Entry]] = {}
        self._validate: Callable[[MethodProcess], float] = lambda _: 0.0
        self._lost: Exception | None = None
        threading.Thread(target=self._shut_at_its_end, daemon=True).start()

    def build(self) -> None:
        """Import the method's plugin and create the method."""
        self._ask("build", scratch=str(self._scratch))

    def fit(
        self, photos: Mapping[Split, PhotoSet], checkpoints: Path, validate: Callable[[MethodProcess], float]
    ) -> dict[str, Any]:
        """Train the method; return the facts for its row.

        Parameters
        ----------
        photos
            The photos of `FITTED`.
        checkpoints
            A folder that outlives an interruption.
        validate
            Answers `Context.validate`.
        """
        self._photos, self._validate = photos, validate
        self._entries = {split: {entry.id: entry for entry in photos[split].entries} for split in photos}
        entries = {split: [asdict(entry) for entry in photos[split].entries] for split in photos}
        keys = {split: photos[split].prepare_key for split in photos}
        answer = self._ask("fit", entries=entries, keys=keys, checkpoints=str(checkpoints))
        return checked(Learned, answer.fields)

    def save(self, folder: Path) -> None:
        """Let the method save its model."""
        self._ask("save", folder=str(folder))

    def load(self, folder: Path) -> None:
        """Let the method load its saved model."""
        self._ask("load", folder=str(folder))

    def __call__(self, given: MethodInput) -> Answer:
        """Return the chroma of a batch, checked again on this side."""
        optional = {"references": given.references, "true_chroma": given.true_chroma}
        if given.hints is not None:
            optional |= {"hint_ab": given.hints.ab, "hint_mask": given.hints.mask.view(np.uint8)}
        names = [name for name, array in optional.items() if array is not None]
        arrays = [array for array in optional.values() if array is not None]
        answer = self._ask("colorize", given.lightness, *arrays, names=names, starts=given.starts)
        (chroma,) = answer.arrays
        return Answer(checked_chroma(chroma, given.lightness), float(answer.fields["seconds"]))

    def end(self) -> dict[str, Any]:
        """End the process and return its ``peak_memory_mb``."""
        if not self._killed:
            self._ask("end")
        self._channel.close()
        _, _, usage = os.wait4(self._pid, 0)
        return {"peak_memory_mb": usage.ru_maxrss / 1024}  # the kernel counts in KiB

    def _ask(self, kind: str, *arrays: Any, **fields: Any) -> Message:
        """Send a request and return the answer."""
        try:
            self._channel.send(kind, *arrays, **fields)
            answer = self._await_answer()
        except ChannelClosedError:
            self._end_alike()
            raise
        except BaseException:  # its next message would not be an answer
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._killed = True
            raise
        if self._lost is not None:
            lost, self._lost = self._lost, None
            raise lost
        if answer.kind == "failed":
            raise _error(answer.fields)
        return answer

    def _await_answer(self) -> Message:
        """Serve the method's requests until it answers."""
        while (message := self._channel.receive()).kind not in ("answer", "failed"):
            try:
                self._serve(message)
            except (UserError, OSError, MemoryError) as error:  # raised when the method has ended
                self._lost = error
                self._channel.send("lost", reason=f"{error}")
        return message

    def _serve(self, message: Message) -> None:
        match message.kind:
            case "event":
                self.tell(checked_event(message.fields))
            case "photo":
                self._send_photo(**message.fields)
            case "packed":
                self._send_packed(**message.fields)
            case "validate":
                self._channel.send("validated", auc=self._validate(self))
            case other:
                raise ValueError(f"unknown message '{other[:40]}'")

    def _send_photo(self, split: Split, photo: str) -> None:
        try:
            self._channel.send("photo", self._photos[split].read(self._entries[split][photo]))
        except PhotoError as error:
            self._channel.send("unreadable", reason=str(error))

    def _send_packed(self, split: Split, photos: list[str], size: int) -> None:
        whole = self._photos[split]
        chosen = whole.of([self._entries[split][photo] for photo in photos])
        packed: Any = chosen.packed(size)
        self._channel.send("packed", path=str(packed.filename), failures=chosen.failures)

    def _shut_at_its_end(self) -> None:
        """Shut the channel when the process ends, because a child of it may hold the other end open."""
        if hasattr(os, "waitid"):  # macOS has it from Python 3.13 on
            with suppress(ChildProcessError):  # `end` collected it first
                os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)
            self._channel.shut()

    def _end_alike(self) -> None:
        """End this process as the method's process ended, so that the cell's supervisor sees how."""
        _, status = os.waitpid(self._pid, 0)
        end_alike(status)


def _error(fields: dict[str, Any]) -> MethodError:
    return MethodError(
        str(fields.get("reason", "")),
        str(fields.get("trace", "")),
        out_of_memory=fields.get("memory") is True,
    )
