"""What the Hugging Face hub states about a file: its SHA-256 and size."""

from __future__ import annotations

import re
from dataclasses import replace

from .checkpoint import Source

HUB = "https://huggingface.co/"

_SHA256 = re.compile(r"[0-9a-f]{64}")


def as_stated(source: Source) -> Source:
    """Return a source with the SHA-256 and size that the hub states, if it is there and has no known digest.

    The hub's ETag of a large file is the file's SHA-256.

    Raises `OSError` if the hub does not answer, or does not have the file.
    """
    if source.sha256 or not source.url.startswith(HUB):
        return source
    from huggingface_hub import get_hf_file_metadata

    try:
        stated = get_hf_file_metadata(source.url)
    except Exception as error:  # those of the HTTP library that the hub's client uses are no OSErrors
        raise OSError(str(error).partition("\n")[0]) from error
    known = stated.etag if stated.etag and _SHA256.fullmatch(stated.etag) else ""
    return replace(source, sha256=known, size=stated.size)
