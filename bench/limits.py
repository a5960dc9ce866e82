"""What a cell's process may take of the machine."""

from __future__ import annotations

import resource
from pathlib import Path

from .cell import Cell


def limit_threads(threads: int) -> None:
    """Hold Numba and BLAS to a number of threads; the deep methods tell torch."""
    import numba
    from threadpoolctl import threadpool_limits

    most: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]  # set when numba is imported
    numba.set_num_threads(min(threads, most))
    threadpool_limits(threads)


def limit_memory(cell: Cell) -> None:
    """Let allocations beyond the cell's ``max_memory`` fail, so that they raise where they are made.

    On the CPU the kernel refuses what goes beyond it; what the process has mapped by now without using it,
    such as the buffers of libraries, is not counted. On a GPU torch refuses its share, and the memory of the
    host is only watched from outside: CUDA maps far more of it than it uses.
    """
    if cell.max_memory is None:
        return
    if cell.device == "cuda":
        _limit_gpu(cell.max_memory)
        return
    mapped, used = _memory("VmData"), _memory("VmRSS")
    most = cell.max_memory + max(0, mapped - used)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (min(most, hard) if hard >= 0 else most, hard))


def _limit_gpu(most: int) -> None:
    import torch

    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, most / whole))


def _memory(field: str) -> int:
    """Return a field of the kernel's account of this process in bytes; 0 on a system without one."""
    account = Path("/proc/self/status")
    lines = account.read_text().splitlines() if account.exists() else ()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)
