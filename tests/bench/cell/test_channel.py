"""Messages between a cell's two processes."""

import json
import mmap
import socket
import struct

import numpy as np
import pytest

from huebench.bench.cell.channel import Channel, ChannelClosedError


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    arena = mmap.mmap(-1, 1 << 20)
    yield Channel(ours, arena), Channel(theirs, arena), theirs
    ours.close()
    theirs.close()


def test_fields_and_arrays_arrive_as_they_were_sent(ends):
    ours, theirs, _ = ends
    lightness = np.random.default_rng(0).uniform(0, 100, (3, 5, 7)).astype(np.float32)
    photo = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    ours.send("colorize", lightness, photo[:, ::-1], names=["references"])
    message = theirs.receive()
    assert (message.kind, message.fields) == ("colorize", {"names": ["references"]})
    np.testing.assert_array_equal(message.arrays[0], lightness)
    np.testing.assert_array_equal(message.arrays[1], photo[:, ::-1])


def test_a_process_that_ends_with_messages_unread_has_closed_the_channel(ends):
    ours, _, socket_of_theirs = ends
    ours.send("fit", entries=["x" * 1000])
    socket_of_theirs.close()
    with pytest.raises(ChannelClosedError):
        ours.receive()


def test_received_arrays_do_not_change_with_the_next_message(ends):
    ours, theirs, _ = ends
    ours.send("a", np.zeros(4, np.float32))
    (first,) = theirs.receive().arrays
    ours.send("b", np.ones(4, np.float32))
    assert not first.any()


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((1 << 20) + 1, np.uint8), np.array(["a"])])
def test_array_of_another_kind_or_too_large_is_refused(ends, array):
    with pytest.raises(ValueError, match="cannot be sent"):
        ends[0].send("a", array)


@pytest.mark.parametrize(
    "described",
    [[["object", [3]]], [["float32", [1 << 40]]], [["float32", [-1, 4]]], [["uint8", "many"]], 5],
)
def test_forged_description_of_an_array_is_refused(ends, described):
    ours, _, raw = ends
    text = json.dumps(["answer", {}, described]).encode()
    raw.sendall(struct.pack("!Q", len(text)) + text)
    with pytest.raises(ValueError, match="not a"):
        ours.receive()


def test_message_of_endless_length_is_refused(ends):
    ours, _, raw = ends
    raw.sendall(struct.pack("!Q", 1 << 62))
    with pytest.raises(ValueError, match="too large"):
        ours.receive()


def test_other_end_that_is_gone_is_reported(ends):
    ours, theirs, _ = ends
    theirs.close()
    with pytest.raises(ChannelClosedError):
        ours.receive()
