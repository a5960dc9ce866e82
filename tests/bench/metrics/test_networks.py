"""Metrics that look through a network: missing weights, and with random ones the values of torchmetrics."""

import hashlib

import numpy as np
import pytest
import scipy.linalg
import skimage.data
import torch

from huebench import UserError
from huebench.bench.metrics import Scorer, fid, lpips, vgg_top1
from huebench.bench.metrics.weights import Weights
from huebench.files import weights_folders


@pytest.fixture
def weights_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


@pytest.fixture(scope="module")
def pairs():
    truths = [skimage.data.astronaut()[:128, :128], skimage.data.coffee()[:128, :128]]
    return [(truth, np.ascontiguousarray(truth[..., ::-1])) for truth in truths]


@pytest.fixture
def untrained(monkeypatch, weights_folder):
    """Make all three metrics available, with AlexNet untrained and the larger networks stubs."""
    from torchmetrics.functional.image.lpips import _LPIPS
    from torchvision.models import VGG16_Weights

    for weights in (lpips.ALEXNET, vgg_top1.VGG16, fid.INCEPTION):
        (weights_folder / weights.file).touch()
    alexnet = _LPIPS(net="alex", pnet_rand=True)
    vgg = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten())
    monkeypatch.setattr(lpips, "_network", lambda _: alexnet)
    monkeypatch.setattr(vgg_top1, "_network", lambda _: (vgg, VGG16_Weights.IMAGENET1K_V1.transforms()))
    monkeypatch.setattr(fid, "_network", lambda _: lambda batch: batch.float().mean(dim=(2, 3)))
    return alexnet


def publish(monkeypatch, module, name, state, folder):
    """Save random weights under a name that holds their hash, as the publishers do, and expect them."""
    partial = folder / "partial"
    torch.save(state, partial)
    digest = hashlib.sha256(partial.read_bytes()).hexdigest()
    known = getattr(module, name)
    path = partial.rename(folder / f"random-{digest[:8]}.pth")
    monkeypatch.setattr(module, name, Weights(path.name, known.folder_url))
    return path


def test_missing_weights_name_the_file_its_source_and_the_folder_and_no_path_of_the_machine(
    weights_folder, tmp_path
):
    reason = vgg_top1.VGG16.missing()
    assert "put vgg16-397923af.pth (https://download.pytorch.org/models/vgg16-397923af.pth)" in reason
    assert "the folder that --weights-dir or HUEBENCH_WEIGHTS names" in reason
    assert str(tmp_path) not in reason
    with pytest.raises(UserError, match="weights not found"):
        vgg_top1.VGG16.load()


def test_present_weights_are_not_missing(weights_folder):
    (weights_folder / lpips.ALEXNET.file).touch()
    assert lpips.ALEXNET.missing() == ""


def test_a_file_of_another_hash_is_refused(weights_folder):
    (weights_folder / lpips.ALEXNET.file).write_bytes(b"truncated")
    with pytest.raises(
        UserError, match=r"SHA-256 starts [0-9a-f]{8}, not 7be5be79; fetch it again from https"
    ):
        lpips.ALEXNET.load()


def test_frechet_distance_matches_scipy():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 2, 6)).astype(np.float32)
    features[:, 0] = features[:, 0] * 1.5 + 0.3
    first, second = features[:, 0].astype(float), features[:, 1].astype(float)
    covariances = np.cov(first.T), np.cov(second.T)
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = np.square(first.mean(0) - second.mean(0)).sum() + np.trace(sum(covariances) - 2 * root)
    assert fid.frechet_distance(features) == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_of_one_photo_is_missing():
    assert np.isnan(fid.frechet_distance(np.zeros((1, 2, 4), np.float32)))


def test_all_three_are_warmed_up_and_scored(untrained, pairs):
    scorer = Scorer(["lpips", "fid", "vgg_top1"])
    assert scorer.unavailable == {}
    scorer.warm_up()
    flipped = [scorer.score(truth, truth[::-1]) for truth, _ in pairs]
    for columns in (photo.columns for photo in flipped):
        assert list(columns) == ["lpips", "vgg_top1"]
        assert columns["lpips"] > 0
        assert columns["vgg_top1"] in {0, 1}
    features = np.stack([photo.features["fid"] for photo in flipped])
    # Flipped photos have the same means, which are all that the stub sees.
    assert scorer.score_set({"fid": features}) == {"fid": pytest.approx(0, abs=1e-3)}


def test_lpips_says_which_photos_are_too_small(untrained):
    def score(height, width):
        pair = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)
        return Scorer(["lpips"]).score(*pair).columns["lpips"]

    assert score(31, 31) > 0
    with pytest.raises(RuntimeError):  # the network itself
        untrained(torch.zeros(1, 3, 30, 64), torch.zeros(1, 3, 30, 64))
    with pytest.raises(ValueError, match="lpips needs photos of at least 31×31 pixels, not 30×64"):
        score(30, 64)


@pytest.mark.slow
def test_lpips_matches_torchmetrics_with_the_same_weights(monkeypatch, weights_folder, pairs):
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity
    from torchvision.models import alexnet

    torch.manual_seed(0)
    path = publish(monkeypatch, lpips, "ALEXNET", alexnet(weights=None).state_dict(), weights_folder)
    cache = weights_folders()[-1]
    cache.mkdir(parents=True)
    (cache / "alexnet-owt-7be5be79.pth").symlink_to(path)  # where the public class would download it to
    peer = LearnedPerceptualImagePatchSimilarity("alex", normalize=True)
    lpips._network.cache_clear()
    for truth, predicted in pairs:
        tensors = [torch.tensor(photo).permute(2, 0, 1)[None] / 255 for photo in (predicted, truth)]
        distance = lpips.lpips(truth, predicted, "cpu")
        assert distance == pytest.approx(float(peer(*tensors)), abs=1e-6)
        assert distance > 1e-4
    assert lpips.lpips(pairs[0][0], pairs[0][0], "cpu") == 0
    lpips._network.cache_clear()


@pytest.mark.slow
def test_fid_matches_torchmetrics_with_the_same_weights(monkeypatch, weights_folder, pairs):
    import torch_fidelity.feature_extractor_inceptionv3 as inception
    from torchmetrics.image.fid import FrechetInceptionDistance

    torch.manual_seed(0)
    with monkeypatch.context() as patch:  # the class insists on loading something
        patch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(inception.FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
        state = inception.FeatureExtractorInceptionV3("random", ["2048"]).state_dict()
    path = publish(monkeypatch, fid, "INCEPTION", state, weights_folder)
    fid._network.cache_clear()
    features = np.stack([fid.inception_features(*pair, "cpu") for pair in pairs])
    assert features.shape == (2, 2, 2048)
    peer = FrechetInceptionDistance(2048, feature_extractor_weights_path=str(path), antialias=False)
    for i, real in ((1, False), (0, True)):
        photos = np.stack([pair[i] for pair in pairs])
        peer.update(torch.tensor(photos).permute(0, 3, 1, 2), real=real)
    assert fid.frechet_distance(features) == pytest.approx(float(peer.compute()), rel=1e-3, abs=1e-6)
    fid._network.cache_clear()


@pytest.mark.slow
def test_vgg_top1_matches_torchvision(monkeypatch, weights_folder, pairs):
    from torchvision.models import VGG16_Weights, vgg16

    torch.manual_seed(0)
    network = vgg16(weights=None).eval()
    publish(monkeypatch, vgg_top1, "VGG16", network.state_dict(), weights_folder)
    vgg_top1._network.cache_clear()
    transform = VGG16_Weights.IMAGENET1K_V1.transforms()
    for truth, predicted in [*pairs, (pairs[0][0], pairs[1][0])]:
        with torch.inference_mode():
            classes = [
                network(transform(torch.tensor(photo).permute(2, 0, 1))[None]).argmax()
                for photo in (predicted, truth)
            ]
        assert vgg_top1.vgg_top1(truth, predicted, "cpu") == float(classes[0] == classes[1])
    assert vgg_top1.vgg_top1(pairs[0][0], pairs[0][0], "cpu") == 1
    vgg_top1._network.cache_clear()
