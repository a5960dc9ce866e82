"""The metrics that come with the package: what each number means. Importing this module registers them."""

from __future__ import annotations

import math
from functools import partial

from . import networks, pixel
from .base import PARAMETRISED, Aggregate, Metric, metrics

HASLER = "Hasler and Süsstrunk 2003, doi:10.1117/12.477378"
ZHANG = "Zhang, Isola and Efros 2016, arXiv:1603.08511"

COLORFULNESS = {
    "colorfulness": pixel.prediction_colorfulness,
    "colorfulness_truth": pixel.truth_colorfulness,
}


def accuracy_within(radius: float) -> Metric:
    """Return the metric ``accuracy@radius``."""
    name = f"accuracy@{radius:g}"
    return Metric(
        name=name,
        label=f"Acc@{radius:g}",
        direction="higher",
        unit="",
        range=(0, 1),
        source=f"{ZHANG}: one point of the curve behind its AuC",
        description=f"Share of pixels whose distance in ab is at most {radius:g}.",
        aggregate=Aggregate("mean", (name,)),
        compute={name: partial(pixel.accuracy, radius=radius)},
    )


PARAMETRISED["accuracy"] = accuracy_within

for metric in (
    Metric(
        name="psnr",
        label="PSNR",
        direction="higher",
        unit="dB",
        range=(0, pixel.PSNR_CEILING),
        source="Huynh-Thu and Ghanbari 2008, doi:10.1049/el:20080522",
        description="20·log10(255/√MSE) over all RGB values of a photo, then the mean over photos. "
        "MSE counts as at least 1/12, the variance of 8-bit rounding: an exact photo has 58.92 dB, not ∞.",
        aggregate=Aggregate("mean", ("psnr",)),
        compute={"psnr": pixel.psnr},
    ),
    Metric(
        name="psnr_ab",
        label="PSNR ab",
        direction="higher",
        unit="dB",
        range=(0, pixel.PSNR_CEILING),
        source="IPOL colorization survey: Ballester et al. 2022",
        description="20·log10(255/√MSE) over a* and b* of a photo, then the mean over photos. "
        "MSE counts as at least 1/12, the variance of 8-bit rounding: an exact photo has 58.92 dB, not ∞.",
        aggregate=Aggregate("mean", ("psnr_ab",)),
        compute={"psnr_ab": pixel.psnr_ab},
    ),
    Metric(
        name="ssim",
        label="SSIM",
        direction="higher",
        unit="",
        range=(-1, 1),
        source="Wang, Bovik, Sheikh and Simoncelli 2004, doi:10.1109/TIP.2003.819861",
        description="Structural similarity averaged over RGB: 11×11 Gaussian window, σ 1.5, K₁ 0.01, "
        "K₂ 0.03, data range 255, full resolution, where the whole window fits (border of 5 left out).",
        aggregate=Aggregate("mean", ("ssim",)),
        compute={"ssim": pixel.ssim},
        least_side=pixel.SSIM_WINDOW,
    ),
    Metric(
        name="colorfulness",
        label="CF",
        direction="target",
        unit="",
        range=(0, math.inf),
        source=HASLER,
        description="√(σ²rg + σ²yb) + 0.3·√(μ²rg + μ²yb) with rg = R − G and yb = (R + G)/2 − B, signed.",
        aggregate=Aggregate("mean", ("colorfulness", "colorfulness_truth")),
        compute=COLORFULNESS,
    ),
    Metric(
        name="colorfulness_abs",
        label="CF abs",
        direction="target",
        unit="",
        range=(0, math.inf),
        source=f"{HASLER}, as changed in code of later papers",
        description="Colorfulness of |rg| and |yb|: not the paper's, but what several repositories compute.",
        aggregate=Aggregate("mean", ("colorfulness_abs", "colorfulness_abs_truth")),
        compute={
            "colorfulness_abs": partial(pixel.prediction_colorfulness, absolute=True),
            "colorfulness_abs_truth": partial(pixel.truth_colorfulness, absolute=True),
        },
    ),
    Metric(
        name="delta_colorfulness",
        label="ΔCF",
        direction="lower",
        unit="",
        range=(0, math.inf),
        source=HASLER,
        description="|mean colorfulness of the predictions − mean colorfulness of the truths|.",
        aggregate=Aggregate("mean_gap", tuple(COLORFULNESS)),
        compute=COLORFULNESS,
    ),
    Metric(
        name="delta_colorfulness_per_image",
        label="ΔCF/image",
        direction="lower",
        unit="",
        range=(0, math.inf),
        source=HASLER,
        description="Mean over photos of |colorfulness of the prediction − colorfulness of the truth|.",
        aggregate=Aggregate("mean_absolute_difference", tuple(COLORFULNESS)),
        compute=COLORFULNESS,
    ),
    Metric(
        name="auc",
        label="AuC",
        direction="higher",
        unit="",
        range=(0, 1),
        source=ZHANG,
        description="Share of pixels within a distance in ab of t, for t = 0, 1, …, 150: trapezoidal area "
        "/ 150 of each photo, then the plain mean over photos.",
        aggregate=Aggregate("mean", ("auc",)),
        compute={"auc": pixel.auc},
        curve={"auc_curve": pixel.accuracy_curve},
    ),
    Metric(
        name="auc_rebalanced",
        label="AuC reb.",
        direction="higher",
        unit="",
        range=(0, 1),
        source=ZHANG,
        description="AuC, each pixel weighted by the inverse of its true bin's share of the training sample "
        "(λ = 0, grid 10, no smoothing); unseen bins weigh as much as the rarest seen one.",
        aggregate=Aggregate("mean", ("auc_rebalanced",)),
        compute={"auc_rebalanced": pixel.auc_rebalanced},
        curve={"auc_rebalanced_curve": pixel.rebalanced_accuracy_curve},
    ),
    accuracy_within(5),
    accuracy_within(10),
    Metric(
        name="bin_top1",
        label="Bin top-1",
        direction="higher",
        unit="",
        range=(0, 1),
        source=f"{ZHANG}: its grid of step 10",
        description="Share of pixels whose nearest ab node is the true one, among the 261 nodes of step 10 "
        "that sRGB reaches.",
        aggregate=Aggregate("mean", ("bin_top1",)),
        compute={"bin_top1": pixel.bin_top1},
    ),
    Metric(
        name="delta_e2000",
        label="ΔE2000",
        direction="lower",
        unit="",
        range=(0, math.inf),
        source="CIE 142-2001; Sharma, Wu and Dalal 2005, doi:10.1002/col.20070",
        description="Mean CIEDE2000 colour difference of the pixels, D65, kL = kC = kH = 1.",
        aggregate=Aggregate("mean", ("delta_e2000",)),
        compute={"delta_e2000": pixel.delta_e2000},
    ),
    Metric(
        name="lpips",
        label="LPIPS",
        direction="lower",
        unit="",
        range=(0, math.inf),
        source="Zhang, Isola, Efros, Shechtman and Wang 2018, arXiv:1801.03924, v0.1, AlexNet",
        description="Distance of the two photos' AlexNet features, weighted as the paper learned.",
        aggregate=Aggregate("mean", ("lpips",)),
        compute={"lpips": networks.lpips},
        least_side=networks.LPIPS_LEAST_SIDE,
        requires="perceptual",
        missing=networks.ALEXNET.missing,
    ),
    Metric(
        name="fid",
        label="FID",
        direction="lower",
        unit="",
        range=(0, math.inf),
        source="Heusel et al. 2017, arXiv:1706.08500",
        description="Fréchet distance of the Inception-v3 features of all predictions and all truths; it "
        "falls with the number of photos, so compare equal numbers only.",
        aggregate=Aggregate("stored"),
        features=networks.inception_features,
        combine=networks.frechet_distance,
        requires="perceptual",
        missing=networks.INCEPTION.missing,
    ),
    Metric(
        name="vgg_top1",
        label="VGG top-1",
        direction="higher",
        unit="",
        range=(0, 1),
        source=f"{ZHANG}, but against VGG's answer on the truth where it has ImageNet's labels",
        description="Share of photos to which VGG-16 gives one ImageNet class, prediction and truth alike.",
        aggregate=Aggregate("mean", ("vgg_top1",)),
        compute={"vgg_top1": networks.vgg_agreement},
        requires="perceptual",
        missing=networks.VGG16.missing,
    ),
):
    metrics.register(metric.name, metric)
