"""`search` against brute force, in NumPy and in SciPy."""

import subprocess
import sys

import numba
import numpy as np
import pytest
from scipy.spatial import cKDTree

from huebench.methods.kernels.patches import extract_patches
from huebench.methods.kernels.search import PatchIndex, recall_by_distance

from . import naive

RTOL, ATOL = 1e-5, 1e-4


def clustered(seed, count, dimensions):
    """Points in clusters of very different widths, as patches of smooth and textured places are."""
    random = np.random.default_rng(seed)
    widths = 10 ** random.uniform(-2, 1, (count, 1))
    centres = random.normal(0, 50, (max(1, count // 50), 1))[random.integers(0, max(1, count // 50), count)]
    return (centres + widths * random.normal(size=(count, dimensions))).astype(np.float32)


@pytest.mark.parametrize("dimensions", [1, 2, 9, 25, 49, 121])
@pytest.mark.parametrize("count", [5, 64, 65, 1000, 4500])
def test_matches_naive_neighbours(count, dimensions):
    points, queries = clustered(0, count, dimensions), clustered(1, 50, dimensions)
    distances, rows = PatchIndex(points).query(queries, 5)
    expected, _ = naive.neighbours(points, queries, 5)
    assert distances.dtype == np.float32
    assert rows.dtype == np.intp
    np.testing.assert_allclose(distances, expected, rtol=RTOL, atol=ATOL)
    found = np.sqrt(((points[rows].astype(float) - queries[:, None]) ** 2).sum(axis=2))
    np.testing.assert_allclose(distances, found, rtol=1e-6)


def test_matches_scipy_ckdtree_on_real_patches_beyond_65536_points(lightness):
    patches = extract_patches(lightness)
    points, queries = patches[:200_000], patches[200_000:][:3000]
    distances, rows = PatchIndex(points).query(queries, 7)
    expected, _ = cKDTree(points).query(queries, 7)
    assert rows.max() > 65_536
    np.testing.assert_allclose(distances, expected, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("neighbours", [1, 3, 64, 300])
def test_any_number_of_neighbours_matches_naive(neighbours):
    points, queries = clustered(2, 1000, 9), clustered(3, 20, 9)
    distances, _ = PatchIndex(points).query(queries, neighbours)
    expected, _ = naive.neighbours(points, queries, neighbours)
    np.testing.assert_allclose(distances, expected, rtol=RTOL, atol=ATOL)


def test_all_points_as_neighbours_are_all_rows():
    points = clustered(4, 150, 4)
    _, rows = PatchIndex(points).query(points[:3], len(points))
    assert (np.sort(rows, axis=1) == np.arange(150)).all()


def test_ties_go_to_the_lowest_rows():
    points = np.tile(np.arange(10, dtype=np.float32).repeat(2).reshape(10, 2), (100, 1))
    distances, rows = PatchIndex(points).query(points[:10], 5)
    assert (distances == 0).all()
    assert (rows == np.arange(10)[:, None] + 10 * np.arange(5)).all()


def test_equal_points_give_the_lowest_rows():
    distances, rows = PatchIndex(np.full((70_000, 3), 7, np.float32)).query(np.full((2, 3), 7, np.float32), 4)
    assert (distances == 0).all()
    assert (rows == np.arange(4)).all()


def test_a_point_is_its_own_nearest_neighbour():
    points = clustered(5, 5000, 25)
    distances, rows = PatchIndex(points).query(points, 1)
    assert (rows[:, 0] == np.arange(5000)).all()
    assert (distances == 0).all()


def test_one_answer_whatever_the_threads_and_the_company(threads):
    points, queries = clustered(6, 20_000, 25), clustered(7, 3000, 25)
    together = PatchIndex(points).query(queries)
    apart = [PatchIndex(points).query(queries[i : i + 1]) for i in range(3)]
    numba.set_num_threads(1)
    alone = PatchIndex(points).query(queries)
    for answer, expected in zip(together, alone, strict=True):
        assert (answer == expected).all()
    for i, answer in enumerate(apart):
        assert (answer[1][0] == together[1][i]).all()


@pytest.mark.parametrize("budget", [0.3, 0.6, 0.9])
def test_budgeted_distances_are_within_their_bound_of_naive(lightness, budget):
    patches = extract_patches(lightness)
    points, queries = patches[:100_000:5], patches[200_000::50][:300]
    distances, rows = PatchIndex(points).query(queries, 5, budget)
    expected, _ = naive.neighbours(points, queries, 5)
    assert (distances >= expected * (1 - RTOL) - ATOL).all()
    assert (distances <= expected / budget * (1 + RTOL) + ATOL).all()
    found = np.sqrt(((points[rows].astype(float) - queries[:, None]) ** 2).sum(axis=2))
    np.testing.assert_allclose(distances, found, rtol=1e-6)


def test_a_whole_budget_is_exact():
    points, queries = clustered(8, 5000, 25), clustered(9, 300, 25)
    index = PatchIndex(points)
    for exact, budgeted in zip(index.query(queries), index.query(queries, budget=1), strict=True):
        assert (exact == budgeted).all()


def test_a_budgeted_answer_depends_on_the_query_alone(threads):
    points, queries = clustered(6, 20_000, 25), clustered(7, 2000, 25)
    index = PatchIndex(points)
    together = index.query(queries, budget=0.4)[1]
    assert (index.query(queries[100:200], budget=0.4)[1] == together[100:200]).all()
    numba.set_num_threads(1)
    assert (index.query(queries, budget=0.4)[1] == together).all()


def test_budget_for_reaches_its_recall_and_the_next_smaller_does_not(lightness):
    patches = extract_patches(lightness)
    index, held_out = PatchIndex(patches[:150_000:3]), patches[200_000::13][:4000]
    exact, _ = index.query(held_out)
    budget = index.budget_for(held_out, recall=0.9)
    assert budget < 1
    assert recall_by_distance(index.query(held_out, budget=budget)[0], exact) >= 0.9
    assert recall_by_distance(index.query(held_out, budget=budget - 1 / 64)[0], exact) < 0.9
    assert index.budget_for(held_out, recall=0.9) == budget


def test_budget_for_full_recall_finds_every_neighbour():
    index, queries = PatchIndex(clustered(10, 3000, 25)), clustered(11, 500, 25)
    budget = index.budget_for(queries, recall=1.0)
    exact, _ = index.query(queries)
    assert recall_by_distance(index.query(queries, budget=budget)[0], exact) == 1
    assert recall_by_distance(index.query(queries, budget=budget - 1 / 64)[0], exact) < 1


def test_recall_by_distance_by_hand():
    exact = np.array([[1, 2], [3, 3]], np.float32)
    assert recall_by_distance(np.array([[1, 2.5], [3, 3]], np.float32), exact) == 0.75
    assert recall_by_distance(np.array([[2, 2], [3, 3]], np.float32), exact) == 1


def test_warm_up_leaves_nothing_to_compile():
    code = (
        "import numpy as np\n"
        "from numba.extending import is_jitted\n"
        "from huebench.methods.kernels import search, tree_kernels, walk_kernels\n"
        "search.warm_up()\n"
        "members = {**vars(tree_kernels), **vars(walk_kernels)}\n"
        "found = {name: it for name, it in members.items() if is_jitted(it)}\n"
        "before = {name: list(kernel.signatures) for name, kernel in found.items()}\n"
        "points = np.random.default_rng(0).normal(size=(5000, 25)).astype(np.float32)\n"
        "search.PatchIndex(points).query(points[:9], 70, 0.5)\n"
        "print([name for name, kernel in found.items() if kernel.signatures != before[name]])\n"
        "print(all(before[name] for name in ('rotate', 'grow', 'fill', 'enclose', 'homes', 'search')))"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout == "[]\nTrue\n"


def test_no_queries_no_answers():
    distances, rows = PatchIndex(np.zeros((9, 4), np.float32)).query(np.zeros((0, 4), np.float32), 2)
    assert distances.shape == rows.shape == (0, 2)


def test_large_coordinates_do_not_overflow():
    points = np.array([[0, 0], [1e15, -1e15]], np.float32)
    distances, rows = PatchIndex(points).query(points[1:], 2)
    np.testing.assert_allclose(distances, [[0, np.sqrt(2) * 1e15]], rtol=1e-6)
    assert rows.tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.zeros((0, 3)), "at least one point"),
        (np.zeros(5), r"shape \(count, dimensions\), not \(5,\)"),
        (np.zeros((2, 5, 5)), "reshape patches to rows"),
        (np.array([[0.0, 1.0], [np.nan, 0.0]]), "row 1 is not"),
        (np.array([[0.0, np.inf]]), "row 0 is not"),
        (np.array([[0.0, 1e20]]), "finite and at most 1e"),
    ],
)
def test_points_that_cannot_be_searched_are_refused(points, message):
    with pytest.raises(ValueError, match=message):
        PatchIndex(points)


@pytest.mark.parametrize(
    ("queries", "neighbours", "message"),
    [
        (np.zeros((1, 4)), 1, "same patch size"),
        (np.zeros((1, 3)), 11, "choose between 1 and 10"),
        (np.zeros((1, 3)), 0, "choose between 1 and 10"),
        (np.full((1, 3), np.nan), 1, "queries must be finite"),
    ],
)
def test_queries_that_cannot_be_answered_are_refused(queries, neighbours, message):
    index = PatchIndex(np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32))
    assert len(index) == 10
    with pytest.raises(ValueError, match=message):
        index.query(queries, neighbours)


def test_importing_search_leaves_numba_alone():
    code = "import huebench.methods.kernels.search, sys; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("budget", [0, -1, 1.5, float("nan"), 1e-18, 1 / 65])
def test_budgets_outside_0_to_1_are_refused(budget):
    index = PatchIndex(clustered(12, 5000, 25))
    with pytest.raises(ValueError, match="not a share of the search radius: choose from 1/64 to 1"):
        index.query(clustered(13, 3, 25), 100, budget)


@pytest.mark.parametrize("scale", [1e-12, 1, 1e15])
def test_the_smallest_budget_finds_as_many_neighbours_as_asked(scale):
    random = np.random.default_rng(14)
    points, queries = (scale * random.uniform(-1, 1, (count, 121)).astype(np.float32) for count in (5000, 9))
    distances, rows = PatchIndex(points).query(queries, 1000, 1 / 64)
    assert all(len(set(found)) == 1000 for found in rows.tolist())
    expected = np.linalg.norm(points[rows].astype(float) - queries[:, None], axis=2)
    np.testing.assert_allclose(distances, expected, rtol=1e-6)


def test_a_budget_without_queries_is_refused():
    index = PatchIndex(np.zeros((3, 2), np.float32))
    with pytest.raises(ValueError, match="held-out queries, and queries is empty"):
        index.budget_for(np.zeros((0, 2), np.float32), 1)
