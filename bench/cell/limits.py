"""Limits on the threads and the memory of a cell's process."""

from __future__ import annotations

import resource
from pathlib import Path


def thread_limits(threads: int) -> dict[str, str]:
    """Return environment variables that limit Numba, BLAS and OpenMP to a number of threads.

    The libraries read them when loaded, so no unwanted thread starts; the deep methods set torch's number
    themselves.
    """
    return dict.fromkeys(
        ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads)
    )


def limit_memory(most: int | None, device: str) -> None:
    """Make allocations beyond ``most`` bytes raise where they are made; ``None`` sets no limit.

    On the CPU the kernel enforces the limit. It does not count memory that is already mapped but unused, such
    as library buffers, nor file pages, which the kernel can drop. On a GPU torch enforces it for GPU memory,
    and host memory is only watched from outside: CUDA maps far more of it than it uses.
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
    """Return a process's memory in bytes, without file pages; shared pages count in proportion.

    It is 0 for a process that has ended. The numbers come from Linux.
    """
    return _memory("smaps_rollup", "Pss_Anon", pid) + _memory("smaps_rollup", "Pss_Shmem", pid)


def _memory(account: str, field: str, pid: int | str = "self") -> int:
    """Return a field of a process's memory figures in ``/proc``, in bytes; 0 if there is none."""
    try:
        lines = Path("/proc", str(pid), account).read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)
