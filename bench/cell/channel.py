"""Messages between the two processes of a cell: JSON over a socket, arrays through shared memory.

Nothing is unpickled, so a message from a method can be wrong but cannot run code.
"""

from __future__ import annotations

import json
import mmap
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...datasets.base import Split

FITTED: tuple[Split, Split] = ("train", "validation")
"""The splits whose photos `Method.fit` is given: the method's process can request no others."""

LARGEST = 1 << 28
"""Size limit of a JSON message, in bytes."""

DTYPES = ("float32", "uint8")
"""Allowed dtypes of arrays."""

Array = NDArray[Any]


class ChannelClosedError(Exception):
    """The other process has ended."""


@dataclass(frozen=True)
class Message:
    """A message: its ``kind``, its named ``fields``, and its ``arrays``."""

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)
    arrays: tuple[Array, ...] = ()


class Channel:
    """One end of a channel; at most one message with arrays is in transit at a time.

    Parameters
    ----------
    connection
        A connected socket.
    arena
        Memory shared by both processes.
    """

    def __init__(self, connection: socket.socket, arena: mmap.mmap) -> None:
        self._connection = connection
        self._arena = arena

    def close(self) -> None:
        """Close this end."""
        self._connection.close()

    def shut(self) -> None:
        """End the conversation for both processes; messages that have arrived can still be received."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def send(self, kind: str, *arrays: Array, **fields: Any) -> None:
        """Send a message.

        Raises
        ------
        ChannelClosedError
            If the other process is gone.
        ValueError
            If an array's dtype is not in `DTYPES`, or the arrays together do not fit into the arena.
        """
        place, described = 0, []
        for array in arrays:
            if array.dtype.name not in DTYPES or place + array.nbytes > len(self._arena):
                raise ValueError(f"an array of {array.dtype}, {array.shape}, cannot be sent")
            whole = np.ascontiguousarray(array)
            np.frombuffer(self._arena, whole.dtype, whole.size, place)[:] = whole.ravel()
            described.append([array.dtype.name, array.shape])
            place += -(-array.nbytes // 64) * 64
        text = json.dumps([kind, fields, described]).encode()
        try:
            self._connection.sendall(struct.pack("!Q", len(text)) + text)
        except OSError as error:
            raise ChannelClosedError from error

    def receive(self) -> Message:
        """Return the next message, with copies of its arrays.

        Raises
        ------
        ChannelClosedError
            If the other process is gone.
        ValueError
            If the message was not made by `send`.
        """
        (length,) = struct.unpack("!Q", self._read(8))
        if length > LARGEST:
            raise ValueError(f"a message of {length:,} bytes is too large")
        try:
            kind, fields, described = json.loads(self._read(length))
            return Message(str(kind), dict(fields), self._arrays(described))
        except (TypeError, KeyError) as error:
            raise ValueError(f"not a message: {error}") from error

    def _arrays(self, described: list[tuple[str, list[int]]]) -> tuple[Array, ...]:
        place, arrays = 0, []
        for name, shape in described:
            count = prod(shape)
            if name not in DTYPES or min(shape, default=0) < 0 or place + 4 * count > len(self._arena):
                raise ValueError(f"not an array: {name}, {shape}")
            dtype = np.dtype(name)
            arrays.append(np.frombuffer(self._arena, dtype, count, place).reshape(shape).copy())
            place += -(-count * dtype.itemsize // 64) * 64
        return tuple(arrays)

    def _read(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            try:
                part = self._connection.recv(min(count - len(parts), 1 << 20))
            except ConnectionError as error:  # it ended with messages unread
                raise ChannelClosedError from error
            if not part:
                raise ChannelClosedError
            parts += part
        return bytes(parts)
