"""The handle of a method's process."""

import mmap
import os
import socket
import threading

import pytest

from huebench.bench.cell.channel import Channel
from huebench.bench.cell.method_process import MethodProcess

needs_waitid = pytest.mark.skipif(not hasattr(os, "waitid"), reason="this system has no os.waitid")


@needs_waitid
def test_a_process_that_was_collected_first_raises_nothing_in_the_watching_thread(monkeypatch, tmp_path):
    raised = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(10)
        MethodProcess(Channel(ours, mmap.mmap(-1, 4096)), pid, tmp_path)
        assert theirs.recv(1) == b""  # the thread shut the channel
        for thread in threading.enumerate():
            if "_shut_at_its_end" in thread.name:
                thread.join(10)
    assert not raised


def test_a_process_without_a_method_can_be_ended(tmp_path):
    ours, theirs = socket.socketpair()
    arena = mmap.mmap(-1, 4096)
    pid = os.fork()
    if pid == 0:
        ours.close()
        method = Channel(theirs, arena)
        method.receive()
        method.send("answer")
        os._exit(0)
    theirs.close()
    assert MethodProcess(Channel(ours, arena), pid, tmp_path).end()["peak_memory_mb"] > 1
