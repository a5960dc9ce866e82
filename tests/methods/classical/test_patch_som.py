"""The patch classifiers against scikit-learn and by hand, on photos that ship with scikit-image."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from huebench.bench.conformance.subject import Subject, TinyDataset
from huebench.datasets.color.conversion import rgb_to_lab, rgb_to_yuv
from huebench.methods.base import Context
from huebench.methods.kernels.patches import extract_patches
from huebench.methods.kernels.search import recall_by_distance
from huebench.methods.kernels.som import assign
from huebench.methods.spec import MethodSpec


@pytest.fixture
def subject(tmp_path):
    return lambda name, **parameters: Subject(MethodSpec(name, parameters), TinyDataset(), tmp_path)


def test_majority_of_neighbours_equals_sklearn_kneighbors_classifier(subject):
    knn = subject(
        "patch-som-knn", decoding="majority", neighbours=1, recall=1, space="ab", nodes=4, samples=800
    )
    method, lightness = knn.fitted, knn.lightness()[:1]
    peer = KNeighborsClassifier(1).fit(method.references, method.nodes)
    expected = method.codewords[peer.predict(extract_patches(lightness[0]))]
    answer = knn.answer(method, lightness)[0].reshape(-1, 2)
    # Two references at one distance may be told apart differently.
    assert (answer == expected).all(axis=1).mean() > 0.99


@pytest.fixture
def kept(monkeypatch):
    """Return a list that fills with the scikit-learn networks in training."""
    kept = []
    partial_fit = MLPClassifier.partial_fit

    def keep(self, *arguments, **named):
        kept.append(self)
        return partial_fit(self, *arguments, **named)

    monkeypatch.setattr(MLPClassifier, "partial_fit", keep)
    return kept


def test_mlp_equals_sklearn_predict_proba(subject, kept):
    mlp = subject("patch-som-mlp", space="ab", nodes=4)
    method, lightness = mlp.fitted, mlp.lightness()[:1]
    shares = kept[-1].predict_proba(method._scaled(extract_patches(lightness[0])))
    expected = shares @ method.codewords[kept[-1].classes_]
    assert_allclose(mlp.answer(method, lightness)[0].reshape(-1, 2), expected, atol=1e-3)
    assert method.parameter_count == sum(array.size for array in [*kept[-1].coefs_, *kept[-1].intercepts_])


@pytest.mark.parametrize("name", ["patch-som-knn", "patch-som-mlp"])
def test_colours_of_a_uv_codebook_keep_the_targets_luma(subject, name):
    uv = subject(name, space="uv", nodes=4)
    answer = uv.answer(uv.fitted, uv.lightness())
    assert answer.std() > 0.1
    from huebench.datasets.color.conversion import lab_to_rgb

    coloured = rgb_to_yuv(lab_to_rgb(uv.lightness(), answer))[0]
    grey = rgb_to_yuv(lab_to_rgb(uv.lightness(), np.zeros_like(answer)))[0]
    assert np.abs(coloured - grey).max() < 0.12


def test_every_photo_gives_its_share_of_pixels(subject):
    few = subject("patch-som-knn", samples=80)
    features, chroma = few.fitted.draw(few.photos("train"), Context())
    assert features.shape == (80, 25)
    assert chroma.shape == (80, 2)


def test_each_photo_gives_a_limited_number_of_pixels(subject):
    many = subject("patch-som-knn", pixels=30)
    assert len(many.fitted.draw(many.photos("train"), Context())[0]) == 8 * 30


def test_features_and_chroma_belong_together(subject):
    method = subject("patch-som-knn", space="ab", samples=8 * 32 * 32, pixels=32 * 32).fitted
    photos = subject("patch-som-knn").photos("train")
    features, chroma = method.draw(photos, Context())
    lightness, ab = rgb_to_lab(next(iter(photos)).rgb)
    centre = features[:1024, 12]
    order = np.lexsort(np.column_stack([centre, chroma[:1024]]).T)
    expected = np.column_stack([lightness.ravel(), ab.reshape(-1, 2)])
    assert_array_equal(
        np.column_stack([centre, chroma[:1024]])[order], expected[np.lexsort(expected.T)].astype(np.float32)
    )


def test_further_scales_and_the_place_add_columns(subject):
    method = MethodSpec("patch-som-knn", {"patch": "3", "scales": "3", "position": "0.5"}).build()
    lightness = np.arange(40 * 50, dtype=np.float32).reshape(40, 50) / 20
    features = method.features(lightness)
    assert features.shape == (2000, 3 * 9 + 2)
    assert_allclose(features[-1, -2:], [50 * 39 / 40, 50 * 49 / 50])
    assert_array_equal(features[:, :9], extract_patches(lightness, size=3))
    # The coarse patch's centre is about the mean of the four by four pixels that it stands for.
    assert abs(features[20 * 50 + 25, 9 + 4] - lightness[20:24, 24:28].mean()) < 0.5


def test_the_codebook_is_the_maps_and_every_node_a_pixels_nearest(subject):
    method = subject("patch-som-knn", space="ab", nodes=3).fitted
    assert method.codewords.shape == (9, 2)
    _, chroma = method.draw(subject("patch-som-knn").photos("train"), Context(seed=7, budget="smoke"))
    assert_array_equal(method.nodes, assign(chroma, method.codewords))


def test_the_budget_finds_the_wanted_share_of_the_true_neighbours(subject):
    quick = subject("patch-som-knn", recall=0.8, neighbours=5)
    method, features = quick.fitted, extract_patches(quick.lightness()[0])
    exact, _ = method._index.query(features, 5)
    found, _ = method._index.query(features, 5, float(method.budget))
    assert float(method.budget) < 1
    assert recall_by_distance(found, exact) > 0.7
    assert method.notes["search"].startswith("budget 0.")


def test_recall_1_searches_exactly(subject):
    method = subject("patch-som-knn", recall=1).fitted
    assert float(method.budget) == 1
    assert method.notes == {"search": "exact"}


def _patches(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 100, (count, 25)).astype(np.float32)


@pytest.mark.parametrize("decoding", ["majority", "mean", "annealed"])
@pytest.mark.parametrize("classes", [1, 2, 3])
def test_mlp_of_few_classes_equals_sklearn_predict_proba(kept, decoding, classes):
    features = _patches(300)
    nodes = 2 * (features[:, 12] * classes / 100).astype(np.intp)
    method = MethodSpec("patch-som-mlp", {"decoding": decoding, "epochs": "9", "batch": "50"}).build()
    method.codewords = np.random.default_rng(1).normal(0, 40, (9, 2)).astype(np.float32)
    method.learn(features, nodes, None, Context())
    assert kept[-1].classes_.tolist() == list(range(0, 2 * classes, 2))

    scaled, codewords = method._scaled(features), method.codewords[kept[-1].classes_]
    shares = kept[-1].predict_proba(scaled)
    if classes == 1:
        shares = np.ones((300, 1))  # scikit-learn has no use for a single class
    annealed = shares ** (1 / 0.38 if decoding == "annealed" else 1)
    expected = annealed / annealed.sum(axis=1, keepdims=True) @ codewords
    if decoding == "majority":
        expected = method.codewords[kept[-1].predict(scaled)]
        assert len(np.unique(expected, axis=0)) == classes
    assert_allclose(method.predict(features), expected, atol=1e-3)


def test_mlp_shuffles_the_sample_anew_in_every_epoch(monkeypatch):
    orders = []

    class Recorder(MLPClassifier):
        def _backprop(self, X, *rest):  # noqa: N803  # scikit-learn's name
            orders.append(X[:, 0].copy())
            return super()._backprop(X, *rest)

    monkeypatch.setattr("sklearn.neural_network.MLPClassifier", Recorder)
    features = _patches(60)
    method = MethodSpec("patch-som-mlp", {"epochs": "4", "batch": "20"}).build()
    method.codewords = np.zeros((9, 2), np.float32)
    method.learn(features, np.arange(60) % 3, None, Context())
    epochs = [tuple(np.concatenate(orders[i : i + 3])) for i in range(0, 12, 3)]
    assert len(set(epochs)) == 4
    assert {tuple(sorted(epoch)) for epoch in epochs} == {tuple(sorted(epochs[0]))}


def test_knn_searches_the_patches_that_it_learned_last(tmp_path):
    def learned(method, seed):
        method.codewords = np.arange(18, dtype=np.float32).reshape(9, 2)
        nodes = np.random.default_rng(seed).integers(0, 9, 100)
        method.learn(_patches(100, seed), nodes, None, Context())
        return method

    def fresh():
        return MethodSpec("patch-som-knn", {"neighbours": "3", "recall": "1"}).build()

    queries = _patches(20, seed=7)
    expected = learned(fresh(), 2).predict(queries)
    used = learned(fresh(), 1)
    assert (used.predict(queries) != expected).any()
    learned(used, 2).save(tmp_path)
    assert_array_equal(used.predict(queries), expected)
    other = learned(fresh(), 1)
    other.predict(queries)
    other.load(tmp_path)
    assert_array_equal(other.predict(queries), expected)
