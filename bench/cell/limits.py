"""Limits on what a cell's process may take of the machine."""

from __future__ import annotations

import resource
from pathlib import Path


def thread_limits(threads: int) -> dict[str, str]:
    """Return the environment that holds Numba, BLAS and OpenMP to a number of threads.

    They read it when they are loaded, so that no thread is started which is not wanted; the deep methods tell
    torch themselves.
    """
    return dict.fromkeys(
        ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads)
    )


def limit_memory(most: int | None, device: str) -> None:
    """Let allocations beyond some bytes fail, so that they raise where they are made; ``None`` is no limit.

    On the CPU the kernel refuses what goes beyond it; what the process has mapped by now without using it,
    such as the buffers of libraries, is not counted, nor are pages of files, which the kernel can drop. On a
    GPU torch refuses its share, and the memory of the host is only watched from outside: CUDA maps far more
    of it than it uses.
    """
    if most is None:
        return
    if device == "cuda":
        _limit_gpu(most)
        return
    most += max(0, _memory("status", "VmData") - _memory("status", "RssAnon"))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (min(most, hard) if hard >= 0 else most, hard))


def _limit_gpu(most: int) -> None:
    import torch

    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, most / whole))


def memory_held(pid: int) -> int:
    """Return the bytes that a process holds, without pages of files; those it shares count in proportion.

    It is 0 for a process that has ended. The account is Linux's.
    """
    return _memory("smaps_rollup", "Pss_Anon", pid) + _memory("smaps_rollup", "Pss_Shmem", pid)


def _memory(account: str, field: str, pid: int | str = "self") -> int:
    """Return a field of the kernel's account of a process in bytes; 0 where there is none."""
    try:
        lines = Path("/proc", str(pid), account).read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)
