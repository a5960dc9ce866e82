"""Every pixel metric as one would write it with scikit-image and NumPy, straight from its definition."""

import numpy as np
import skimage.color
import skimage.metrics

from huebench.datasets.color.bins import gamut_bins

# scikit-image rounds D65 to five digits; here the white is what its own sRGB matrix maps (1, 1, 1) to.
MATRIX_WHITE = np.array([0.950456, 1.0, 1.088754])
D65 = np.array([0.95047, 1.0, 1.08883])


def lab(photo):
    return skimage.color.xyz2lab(skimage.color.rgb2xyz(photo) * (D65 / MATRIX_WHITE))


def psnr(truth, predicted):
    return skimage.metrics.peak_signal_noise_ratio(truth, predicted, data_range=255)


def psnr_ab(truth_lab, predicted_lab):
    return skimage.metrics.peak_signal_noise_ratio(truth_lab[..., 1:], predicted_lab[..., 1:], data_range=255)


def ssim(truth, predicted):
    return skimage.metrics.structural_similarity(
        truth,
        predicted,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
    )


def colorfulness(photo, *, absolute=False):
    red, green, blue = np.moveaxis(photo.astype(float), -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    if absolute:
        rg, yb = np.abs(rg), np.abs(yb)
    return np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())


def ab_distance(truth_lab, predicted_lab):
    return np.linalg.norm(truth_lab[..., 1:] - predicted_lab[..., 1:], axis=-1)


def auc(distance, weights=None):
    first = np.minimum(np.ceil(distance).astype(int).ravel(), 151)
    counts = np.bincount(first, None if weights is None else weights.ravel(), minlength=152)
    return np.trapezoid(np.cumsum(counts)[:151] / counts.sum()) / 150


def bins(any_lab):
    """Row and column of the nearest node in the 25 × 25 grid of step 10."""
    row, column = np.moveaxis(np.floor(any_lab[..., 1:] / 10 + 0.5).astype(int) + 12, -1, 0)
    return row, column


def shares(photos):
    """Return the share of the photos' pixels near each node, (25, 25)."""
    counts = np.zeros((25, 25))
    for photo in photos:
        np.add.at(counts, bins(lab(photo)), 1)
    return counts / counts.sum()


def smoothed(prior):
    """Spread every node's share over the nodes that sRGB reaches, by a Gaussian of σ = 5 around it."""
    even = np.zeros((25, 25))
    reached = {(int(a) // 10 + 12, int(b) // 10 + 12) for a, b in gamut_bins().nodes}
    for node in zip(*np.nonzero(prior), strict=True):
        near = {
            other: np.exp(-((10 * np.subtract(node, other)) ** 2).sum() / (2 * 5**2)) for other in reached
        }
        for other, share in near.items():
            even[other] += prior[node] * share / sum(near.values())
    return even


def delta_e2000(truth_lab, predicted_lab):
    return skimage.color.deltaE_ciede2000(truth_lab, predicted_lab).mean()


def every_metric(truth, predicted, prior):
    """Return all columns of the pixel metrics; `prior` is what `shares` returns."""
    truth_lab, predicted_lab = lab(truth), lab(predicted)
    distance = ab_distance(truth_lab, predicted_lab)
    truth_bins, predicted_bins = bins(truth_lab), bins(predicted_lab)
    even = smoothed(prior)
    weights = 1 / np.maximum(even, even[prior > 0].min())[truth_bins]
    uneven = 1 / np.maximum(prior, prior[prior > 0].min())[truth_bins]
    return {
        "psnr": psnr(truth, predicted),
        "psnr_ab": psnr_ab(truth_lab, predicted_lab),
        "ssim": ssim(truth, predicted),
        "colorfulness": colorfulness(predicted),
        "colorfulness_truth": colorfulness(truth),
        "colorfulness_abs": colorfulness(predicted, absolute=True),
        "colorfulness_abs_truth": colorfulness(truth, absolute=True),
        "auc": auc(distance),
        "auc_rebalanced": auc(distance, weights),
        "auc_rebalanced_weight": weights.sum(),
        "auc_rebalanced_weight_squares": (weights**2).sum(),
        "auc_rebalanced_per_photo": auc(distance, uneven),
        "accuracy@5": (distance <= 5).mean(),
        "accuracy@10": (distance <= 10).mean(),
        "bin_top1": np.logical_and(*np.equal(truth_bins, predicted_bins)).mean(),
        "delta_e2000": delta_e2000(truth_lab, predicted_lab),
    }
