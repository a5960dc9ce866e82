"""Nearest neighbours of image patches beside the libraries one would pick instead.

Five neighbours of 5 × 5 patches of lightness; times are a query, and building is noted beside them. Ours
answers every pixel of two photos, as a method does. The exact peers take no advantage of neighbouring
pixels: they are asked a sample of the same.
"""

import os
import time
from contextlib import contextmanager

import faiss
import numba
import numpy as np
import pytest
from scipy.spatial import cKDTree
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from huebench.methods.kernels import search

NEIGHBOURS = 5
RECALL = 0.95
TEST_SPLIT = 119 * 256 * 256
"""Queries of the landscapes' test split."""

LARGE = bool(os.environ.get("HUEBENCH_SPEED_LARGE"))
SIZES = [
    pytest.param(30_000, 2, id="30k-2"),
    pytest.param(300_000, 1, id="300k-1"),
    pytest.param(300_000, 2, id="300k-2"),
    pytest.param(
        3_000_000,
        2,
        id="3M-2",
        marks=pytest.mark.skipif(not LARGE, reason="HUEBENCH_SPEED_LARGE=1 asks for it"),
    ),
]
ASKED = {
    "huebench": 131_072,
    "faiss flat": 2000,
    "scikit-learn brute": 2000,
    "scikit-learn kd_tree": 200,
    "SciPy cKDTree": 500,
}
"""Queries each library is asked at 300,000 references; the exact peers a tenth at 3 million."""

CANCELLATION = 1.0
"""faiss subtracts squared norms in float32: below this distance its answer is mostly rounding."""


@contextmanager
def threads_of_all(count):
    """Give every library as many threads."""
    if count > numba.config.NUMBA_NUM_THREADS:
        pytest.skip(f"{count} threads asked of {numba.config.NUMBA_NUM_THREADS}")
    before = numba.get_num_threads(), faiss.omp_get_max_threads()
    with threadpool_limits(limits=count):
        numba.set_num_threads(count)
        faiss.omp_set_num_threads(count)
        yield
        numba.set_num_threads(before[0])
        faiss.omp_set_num_threads(before[1])


def first(patches, count):
    if count > len(patches.references):
        pytest.skip(f"{count} references asked of {len(patches.references)}: point HUEBENCH_DATA at photos")
    return patches.references[:count]


def faiss_rows(index):
    return lambda queries: index.search(queries, NEIGHBOURS)[1]


def build_exact(library, points, threads):
    """Return a function from queries to the rows of their neighbours."""
    if library == "huebench":
        index = search.PatchIndex(points)
        return lambda queries: index.query(queries, NEIGHBOURS)[1]
    if library == "faiss flat":
        index = faiss.IndexFlatL2(points.shape[1])
        index.add(points)
        return faiss_rows(index)
    if library == "SciPy cKDTree":
        tree = cKDTree(points)
        return lambda queries: tree.query(queries, NEIGHBOURS, workers=threads)[1]
    algorithm = library.removeprefix("scikit-learn ")
    peer = NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm=algorithm, n_jobs=threads).fit(points)
    return lambda queries: peer.kneighbors(queries, return_distance=False)


def distances_to(points, queries, rows):
    """Distances to the rows found, ascending, in float64."""
    return np.sort(np.linalg.norm(points[rows].astype(np.float64) - queries[:, None], axis=2), axis=1)


@pytest.mark.benchmark(group="5 nearest patches, exact")
@pytest.mark.parametrize(("references", "threads"), SIZES)
@pytest.mark.parametrize("library", ASKED)
def test_exact(benchmark, patches, library, references, threads):
    search.warm_up()
    points = first(patches, references)
    asked = ASKED[library] // (10 if references > 300_000 and library != "huebench" else 1)
    queries = patches.queries
    if asked < len(queries):
        queries = np.random.default_rng(0).choice(queries, asked, replace=False)
    with threads_of_all(threads):
        start = time.perf_counter()
        find = build_exact(library, points, threads)
        seconds = time.perf_counter() - start
        if library != "huebench":
            ours, _ = search.PatchIndex(points).query(queries, NEIGHBOURS)
            theirs = distances_to(points, queries, find(queries))
            assert (ours <= theirs * (1 + 1e-5) + 1e-5).all()
            far = ours > CANCELLATION if library == "faiss flat" else ours > 1e-3
            np.testing.assert_allclose(ours[far], theirs[far], rtol=1e-3)
        benchmark.extra_info |= {"items": len(queries), "build s": round(seconds, 2)}
        benchmark.pedantic(find, args=(queries,), rounds=3, iterations=1)


def tune(settings, find, sample, exact, points):
    """Return the first setting that reaches the recall on a sample, its recall, and the function of it."""
    for setting in settings:
        find_with = find(setting)
        recall = search.recall_by_distance(distances_to(points, sample, find_with(sample)), exact)
        if recall >= RECALL:
            return setting, recall, find_with
    pytest.fail(f"no setting of {settings} reaches a recall of {RECALL}")


def build_budgeted(library, points, sample, exact):
    """Return the seconds of building, the tuned setting, its recall, and the function to the rows."""
    start = time.perf_counter()
    if library == "huebench":
        index = search.PatchIndex(points)
        name, settings = "budget", [index.budget_for(sample, NEIGHBOURS, RECALL)]
    elif library == "faiss HNSW":
        index = faiss.IndexHNSWFlat(points.shape[1], 32)
        name, settings = "efSearch", [8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]
        place = index.hnsw
    else:
        cells = 1024 if len(points) <= 300_000 else 4096
        index = faiss.IndexIVFFlat(faiss.IndexFlatL2(points.shape[1]), points.shape[1], cells)
        index.train(points)
        name, settings, place = "nprobe", [2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256], index
    if library != "huebench":
        index.add(points)
    # Choosing our budget counts as building; tuning the peers is given away.
    seconds = time.perf_counter() - start

    def find(setting):
        if library == "huebench":
            return lambda queries: index.query(queries, NEIGHBOURS, setting)[1]
        setattr(place, name, setting)
        return faiss_rows(index)

    setting, recall, found = tune(settings, find, sample, exact, points)
    return seconds, f"{name} {setting}", recall, found


@pytest.mark.benchmark(group=f"5 nearest patches, recall {RECALL}")
@pytest.mark.parametrize(("references", "threads"), SIZES)
@pytest.mark.parametrize("library", ["huebench", "faiss HNSW", "faiss IVF"])
def test_budgeted(benchmark, patches, library, references, threads):
    search.warm_up()
    points = first(patches, references)
    sample = np.random.default_rng(1).choice(patches.queries, 4096, replace=False)
    with threads_of_all(threads):
        exact, _ = search.PatchIndex(points).query(sample, NEIGHBOURS)
        seconds, setting, recall, find = build_budgeted(library, points, sample, exact)
        benchmark.extra_info |= {
            "items": len(patches.queries),
            "recall": round(recall, 3),
            "build s": round(seconds, 2),
            "setting": setting,
        }
        rounds = 3 if library == "huebench" else 1  # the peers' one is seconds long
        benchmark.pedantic(find, args=(patches.queries,), rounds=rounds, iterations=1)
        if benchmark.stats:
            query = benchmark.stats.stats.median / len(patches.queries)
            benchmark.extra_info["test split s"] = round(seconds + TEST_SPLIT * query, 1)
