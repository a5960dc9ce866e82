"""Runs one stage of a pipeline in a thread of its own, a few items ahead of the next stage."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from queue import Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")

_PATIENCE = 0.1
"""Seconds after which a stage that waits for room asks whether anybody still wants its items."""


def ahead(items: Generator[Item], most: int = 4) -> Generator[Item]:
    """Yield what a generator yields, made in a thread that is at most ``most`` items ahead.

    What the generator raises is raised here. It is closed, in its thread, as soon as this one is closed.

    Parameters
    ----------
    items
        The generator.
    most
        Items that may wait: what bounds the memory.
    """
    stage = _Stage(items, Queue(most))
    thread = Thread(target=stage.work, daemon=True)
    thread.start()
    try:
        while (item := stage.made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]
    finally:
        stage.left.set()
        thread.join()


@dataclass(frozen=True)
class _Stage(Generic[Item]):
    """A generator in a thread; ``made`` ends with ``None`` or what it raised."""

    items: Generator[Item]
    made: Queue[tuple[Item] | BaseException | None]
    left: Event = field(default_factory=Event)

    def work(self) -> None:
        try:
            with closing(self.items):
                for item in self.items:
                    self._put((item,))
                    if self.left.is_set():
                        return
        except BaseException as error:  # noqa: BLE001  # raised again in the other thread
            self._put(error)
        else:
            self._put(None)

    def _put(self, item: tuple[Item] | BaseException | None) -> None:
        while not self.left.is_set():
            try:
                self.made.put(item, timeout=_PATIENCE)
            except Full:
                continue
            break
