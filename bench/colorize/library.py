"""libvips, which reads and writes photos of any size in strips; it is imported when it is first used."""

from typing import Any

from ...extras import require


def vips() -> Any:
    """Return the module pyvips, set up; a missing one raises `UserError`."""
    require("colorizing photos", "colorize", "pyvips")
    import logging

    import pyvips

    logging.getLogger("pyvips").setLevel(logging.CRITICAL)  # it logs what it also raises
    pyvips.cache_set_max(0)  # every photo is read once: a cache only fills memory
    return pyvips


def reason(error: Exception) -> str:
    """Return libvips' message in one line, without the names of its functions."""
    lines = [line.strip() for line in str(getattr(error, "detail", "") or error).splitlines() if line.strip()]
    return "; ".join(dict.fromkeys(lines[-2:])) or "broken file"
