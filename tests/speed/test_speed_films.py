"""The kernels of clips beside the same from OpenCV and NumPy, on frames of a moving camera."""

import numpy as np
import pytest

from huebench.bench.metrics.step import level_shares
from huebench.datasets.color.conversion import rgb_to_lab
from huebench.datasets.spec import open_dataset
from huebench.methods.kernels.flow import average_along, visible, warp

TOLERANCE = 2e-2
"""Levels of 255: OpenCV's remap keeps 1/32 of a pixel."""


@pytest.fixture(scope="module")
def frames():
    """Return a frame at 480p of a moving camera, uint8 (480, 854, 3), and the motion there and back."""
    rng = np.random.default_rng(0)
    clip = open_dataset("pan:samples")
    one, other = clip.split("test")[4:6]
    cv2 = pytest.importorskip("cv2", reason="needs the extra 'bench'")
    size = (854, 480)
    picture = cv2.resize(clip.load(other), size, interpolation=cv2.INTER_CUBIC)
    scale = np.float32([854 / 128, 480 / 128])
    flows = [cv2.resize(flow, size) * scale for flow in (clip.flow(one, other), clip.flow(other, one))]
    # To 1/32 of a pixel, to which OpenCV rounds: so the answers can be equal.
    forward, backward = (
        np.rint(32 * (flow + rng.normal(0, 0.01, flow.shape))).astype(np.float32) / 32 for flow in flows
    )
    return picture, forward, backward


def opencv_warp(picture, flow):
    import cv2

    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    places = columns + flow[..., 0], rows + flow[..., 1]
    return cv2.remap(picture, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), places


def opencv_warp_and_visible(picture, forward, backward):
    warped, (x, y) = opencv_warp(picture.astype(np.float32), forward)
    inside = (x >= 0) & (x <= forward.shape[1] - 1) & (y >= 0) & (y <= forward.shape[0] - 1)
    back, _ = opencv_warp(backward, forward)
    f, b = np.square(forward).sum(-1), np.square(back).sum(-1)
    returns = np.square(forward + back).sum(-1) <= 0.01 * (f + b) + 0.5
    across = np.diff(forward, axis=1, append=forward[:, -1:])
    down = np.diff(forward, axis=0, append=forward[-1:])
    slope = np.square(across).sum(-1) + np.square(down).sum(-1)
    return warped, inside & returns & (slope <= 0.01 * f + 0.002)


def ours_warp_and_visible(picture, forward, backward):
    return warp(picture, forward), visible(forward, backward)


@pytest.mark.benchmark(group="warp and occlusion, 854×480")
@pytest.mark.parametrize("library", ["huebench", "OpenCV and NumPy"])
def test_warp_and_occlusion(benchmark, frames, library):
    ours, theirs = ours_warp_and_visible(*frames), opencv_warp_and_visible(*frames)
    assert np.abs(ours[0] - theirs[0]).max() < TOLERANCE
    assert (ours[1] != theirs[1]).mean() < 1e-3
    benchmark(ours_warp_and_visible if library == "huebench" else opencv_warp_and_visible, *frames)


def numpy_shares(rgb):
    pixels = rgb[..., 0].size
    return np.stack([np.histogram(rgb[..., c], 256, (0, 256))[0] / pixels for c in range(3)])


def bincount_shares(rgb):
    counts = [np.bincount(rgb[..., c].ravel(), minlength=256) for c in range(3)]
    return np.stack(counts) / rgb[..., 0].size


SHARES = {"huebench": level_shares, "NumPy's histogram": numpy_shares, "NumPy's bincount": bincount_shares}


@pytest.mark.benchmark(group="CDC histograms, 854×480")
@pytest.mark.parametrize("library", SHARES)
def test_histograms(benchmark, frames, library):
    picture = frames[0]
    np.testing.assert_array_equal(SHARES[library](picture), numpy_shares(picture))
    benchmark(SHARES[library], picture)


def opencv_average(current, before, flow, seen, share):
    carried, _ = opencv_warp(before, flow)
    return np.where(seen[..., None], (1 - share) * current + share * carried, current)


@pytest.mark.benchmark(group="average along the motion, 854×480")
@pytest.mark.parametrize("library", ["huebench", "OpenCV and NumPy"])
def test_average_along_the_motion(benchmark, frames, library):
    picture, forward, backward = frames
    chroma = rgb_to_lab(picture)[1]
    given = chroma, chroma[:, ::-1].copy(), forward, visible(forward, backward), np.float32(0.8)
    np.testing.assert_allclose(average_along(*given), opencv_average(*given), atol=TOLERANCE)
    benchmark(average_along if library == "huebench" else opencv_average, *given)
