"""Facts about the machine of a run."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import psutil

from ... import UserError
from ...wording import counted


def threads_available() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine_facts() -> dict[str, str]:
    """Return processor, cores, memory, accelerator and system."""
    return {
        "processor": _processor(),
        "cores": str(threads_available()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "accelerator": _accelerator(),
        "system": platform.platform(),
    }


def resolve_device(device: str) -> str:
    """Return ``cpu`` or ``cuda`` for ``auto``, ``cpu`` or ``cuda``.

    Raises
    ------
    UserError
        If ``cuda`` is requested and torch sees no such device.
    """
    if device == "cpu" or (device == "auto" and _accelerator() == "none"):
        return "cpu"  # without asking torch, whose import takes seconds
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise UserError("--device cuda: torch sees no CUDA device here; use --device cpu")
    return "cpu"


def check_gpus(count: int) -> None:
    """Raise `UserError` if torch sees fewer than ``count`` GPUs here."""
    import torch

    found = torch.cuda.device_count()
    if count > found:
        raise UserError(f"--devices {count}: torch sees {counted(found, 'CUDA device')} here")


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _accelerator() -> str:
    command = shutil.which("nvidia-smi")
    if command is None:
        return "none"
    query = [command, "--query-gpu=name", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)  # noqa: S603  # no user input
    return ", ".join(answer.stdout.split("\n")).strip(", ") if answer.returncode == 0 else "none"
