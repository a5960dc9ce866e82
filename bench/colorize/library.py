"""libvips, which reads and writes photos of any size in strips; it is imported when it is first used."""

from importlib.util import find_spec
from typing import Any

from ... import UserError


def vips() -> Any:
    """Return the module pyvips, set up; a missing one raises `UserError`."""
    if find_spec("pyvips") is None:
        raise UserError("to colorize photos, install pyvips: pip install 'huebench[colorize]'")
    import logging

    import pyvips

    logging.getLogger("pyvips").setLevel(logging.CRITICAL)  # it logs what it also raises
    pyvips.cache_set_max(0)  # every photo is read once: a cache only fills memory
    return pyvips


def reason(error: Exception) -> str:
    """Return libvips' message in one line, without the names of its functions."""
    lines = [line.strip() for line in str(getattr(error, "detail", "") or error).splitlines() if line.strip()]
    return "; ".join(dict.fromkeys(lines[-2:])) or "broken file"
