"""Cost of the first call of a kernel: compiled from nothing, and loaded from Numba's cache on disk.

Every other comparison of the suite is timed after the first call.
"""

import os
import subprocess
import sys

import pytest

FIRST_CALLS = {
    "colour conversion": "from huebench.datasets.color.conversion import warm_up",
    "metrics": "from huebench.bench.metrics import Scorer; warm_up = Scorer(['ssim', 'delta_e2000']).warm_up",
    "nearest patches": "from huebench.methods.kernels.search import warm_up",
    "self-organising map": "from huebench.methods.kernels.som import warm_up",
}


def first_call(imports, cache):
    """Return the seconds of the first call in a process of its own."""
    code = f"{imports}; import numba, time; start = time.perf_counter(); warm_up()"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print(time.perf_counter() - start)"],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


@pytest.fixture(scope="module")
def caches(tmp_path_factory):
    """Hold an empty cache for each group of kernels, which the first call fills."""
    return {kernels: tmp_path_factory.mktemp("numba") for kernels in FIRST_CALLS}


@pytest.mark.benchmark(group="first call")
@pytest.mark.parametrize("kernels", FIRST_CALLS)
@pytest.mark.parametrize("library", ["compiled anew", "huebench"])
def test_first_call(benchmark, caches, tmp_path, library, kernels):
    cache = caches[kernels] if library == "huebench" else tmp_path
    if library == "huebench":
        compiled = first_call(FIRST_CALLS[kernels], cache)
        assert first_call(FIRST_CALLS[kernels], cache) < compiled, "compiled code is not kept in the cache"
    seconds = benchmark.pedantic(first_call, args=(FIRST_CALLS[kernels], cache), rounds=1, iterations=1)
    benchmark.extra_info["of it the call s"] = round(seconds, 2)
