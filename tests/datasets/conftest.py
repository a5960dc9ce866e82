from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MakePhotos = Callable[..., list[Path]]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def make_photos():
    """Write small PNGs of seeded noise and return their paths."""

    def make(folder: Path, names: list[str], seed: int = 0) -> list[Path]:
        rng = np.random.default_rng(seed)
        paths = [folder / name for name in names]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)).save(path)
        return paths

    return make
