"""Colorfulness by Hasler and Süsstrunk: two definitions that share the name, and two differences."""

import math

import numpy as np
import numpy.typing as npt

from .registry import register_metric

HASLER = "Hasler and Süsstrunk 2003, doi:10.1117/12.477378"

COLORFULNESS = {
    "colorfulness": ("predicted_opponent_sums", "pixels"),
    "colorfulness_truth": ("truth_opponent_sums", "pixels"),
}
COLORFULNESS_ABS = {
    "colorfulness_abs": ("predicted_opponent_sums", "pixels"),
    "colorfulness_abs_truth": ("truth_opponent_sums", "pixels"),
}


@register_metric(
    name="colorfulness",
    label="CF",
    direction="target",
    range=(0, math.inf),
    source=HASLER,
    description="√(σ²rg + σ²yb) + 0.3·√(μ²rg + μ²yb) with rg = R − G and yb = (R + G)/2 − B, signed.",
    takes=COLORFULNESS,
    headline=True,
    order=40,
)
@register_metric(
    name="delta_colorfulness",
    label="ΔCF",
    direction="lower",
    range=(0, math.inf),
    source=HASLER,
    description="|mean colorfulness of the predictions − mean colorfulness of the truths|.",
    aggregate="mean_gap",
    takes=COLORFULNESS,
    headline=True,
    order=60,
)
@register_metric(
    name="delta_colorfulness_per_image",
    label="ΔCF/image",
    direction="lower",
    range=(0, math.inf),
    source=HASLER,
    description="Mean over photos of |colorfulness of the prediction − colorfulness of the truth|.",
    aggregate="mean_absolute_difference",
    takes=COLORFULNESS,
    order=70,
)
def colorfulness(opponent_sums: npt.NDArray[np.int64], pixels: int) -> float:
    """Return the paper's M³ of a photo from Σ of rg, rg², |rg|, 2yb, (2yb)², |2yb| over its pixels.

    The exact integer sums keep the variance free of cancellation.
    """
    rg_sum, rg_square, _, yb_sum, yb_square, _ = (int(value) for value in opponent_sums)
    return _spread_and_mean(rg_sum, rg_square, yb_sum, yb_square, pixels)


@register_metric(
    name="colorfulness_abs",
    label="CF abs",
    direction="target",
    range=(0, math.inf),
    source=f"{HASLER}, as changed in code of later papers",
    description="Colorfulness of |rg| and |yb|: not the paper's, but what several repositories compute.",
    takes=COLORFULNESS_ABS,
    order=50,
)
@register_metric(
    name="delta_colorfulness_abs",
    label="ΔCF abs",
    direction="lower",
    range=(0, math.inf),
    source="Kang et al. 2023 (DDColor), arXiv:2212.11613: its ΔCF, by the colorfulness of its code",
    description="|mean colorfulness_abs of the predictions − mean colorfulness_abs of the truths|.",
    aggregate="mean_gap",
    takes=COLORFULNESS_ABS,
    by_default=False,
    headline=True,
    order=65,
)
def colorfulness_abs(opponent_sums: npt.NDArray[np.int64], pixels: int) -> float:
    """Return `colorfulness` with |rg| and |yb| instead of rg and yb."""
    _, rg_square, rg_absolute, _, yb_square, yb_absolute = (int(value) for value in opponent_sums)
    return _spread_and_mean(rg_absolute, rg_square, yb_absolute, yb_square, pixels)


def _spread_and_mean(rg_sum: int, rg_square: int, yb_sum: int, yb_square: int, pixels: int) -> float:
    variance = (pixels * rg_square - rg_sum**2) / pixels**2 + (pixels * yb_square - yb_sum**2) / (
        2 * pixels
    ) ** 2
    mean = math.hypot(rg_sum / pixels, yb_sum / (2 * pixels))
    return math.sqrt(variance) + 0.3 * mean
