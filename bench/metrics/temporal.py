"""Metrics of clips: how colour changes from frame to frame. A clip counts once, however long it is."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .base import Combine
from .registry import register_metric

GAPS: Final = (1, 2, 4)
"""Numbers of frames between the two that CDC compares."""

LEVELS: Final = 255

NEEDS_FLOW: Final = {"cv2": "video"}

NTIRE: Final = (
    "Liu et al. 2021, arXiv:2110.04562 (TCVC); Kang et al. 2023, NTIRE challenge on video colorization"
)

GREY_IS_REWARDED: Final = (
    "A grey clip changes only where its lightness does, so pale colours lower it: read it beside the "
    "truth's own."
)


def divergence(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the Jensen–Shannon divergence of distributions along the last axis, in nats, 0…ln 2."""
    middle = (one + other) / 2
    # 0 · ln 0 counts as 0; where one is 0, its term is.
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [np.where(each > 0, each * np.log(each / middle), 0.0) for each in (one, other)]
    found: npt.NDArray[np.float64] = (terms[0] + terms[1]).sum(axis=-1) / 2
    return found


def cdc_by_gap(histograms: npt.NDArray[np.float64]) -> dict[int, float]:
    """Return the mean divergence of a clip's frames at each of `GAPS`; NaN for a gap that does not fit.

    Parameters
    ----------
    histograms
        float64 (T, 3, 256), from `FrameStep`.
    """
    return {
        gap: float(divergence(histograms[:-gap], histograms[gap:]).mean())
        if len(histograms) > gap
        else math.nan
        for gap in GAPS
    }


def cdc(histograms: npt.NDArray[np.float64]) -> float:
    """Return the colour distribution consistency of a clip: the mean over `GAPS`.

    It is NaN, so unknown, for a clip of fewer than five frames.
    """
    return float(np.mean(list(cdc_by_gap(histograms).values())))


def mean_known(values: npt.NDArray[np.float64]) -> float:
    """Return the mean of the frames' values, (T,); NaN if no frame has any."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else math.nan


@register_metric(
    name="cdc",
    label="CDC",
    direction="lower",
    range=(0, math.log(2)),
    source=NTIRE,
    description="Jensen–Shannon divergence (natural logarithm) of the 256-bin histograms of R, G and B, 1, 2 "
    f"and 4 frames apart, a third each; mean over channels, frames and clips. {GREY_IS_REWARDED} Unknown for "
    "clips of fewer than five frames.",
    takes={"cdc": ("predicted_histograms",), "cdc_truth": ("truth_histograms",)},
    combine=cdc,
    of_clips=True,
    headline=True,
    order=200,
)
@register_metric(
    name="cdc_gap",
    label="CDC gap",
    direction="lower",
    range=(0, math.log(2)),
    source=f"{NTIRE}; the gap is ours",
    description="Absolute difference of a clip's CDC from its truth's, then the mean over clips: colours "
    "that change less than the truth's count like colours that change more.",
    takes={"cdc": ("predicted_histograms",), "cdc_truth": ("truth_histograms",)},
    aggregate="mean_absolute_difference",
    combine=cdc,
    of_clips=True,
    headline=True,
    compared=True,
    order=210,
)
def frame_histograms(histograms: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a frame's histograms, float64 (3, 256): CDC needs nothing else of it."""
    return histograms


@register_metric(
    name="warp_error",
    label="warp error",
    direction="lower",
    range=(0, 3),
    source="Lai et al. 2018, ECCV, arXiv:1808.00449",
    description="Squared difference in RGB, 0…1, summed over channels, between a frame and the next one "
    "brought back along the motion; mean over the pixels that both show, over frames, then over clips. "
    "The truth's own value is the limit of the motion's estimate.",
    takes={
        "warp_error": ("predicted_before", "predicted_warped", "visible"),
        "warp_error_truth": ("truth_before", "truth_warped", "visible"),
    },
    combine=mean_known,
    requires=NEEDS_FLOW,
    of_clips=True,
    headline=True,
    order=220,
)
def warp_error(
    before: npt.NDArray[np.uint8], warped: npt.NDArray[np.float32], visible: npt.NDArray[np.bool_]
) -> float:
    """Return the warp error of a frame and the next one; NaN if no pixel is in both."""
    if not visible.any():
        return math.nan
    difference = (before[visible] - warped[visible].astype(np.float64)) / LEVELS
    return float(np.square(difference).sum() / len(difference))


@register_metric(
    name="flicker",
    label="flicker",
    direction="lower",
    range=(0, math.inf),
    source="ours",
    description="How much farther ab moves from a frame to the next, along the motion, than the truth's "
    "does: max(0, |Δab| − |Δab| of the truth), mean over the pixels that both show, over frames, then over "
    "clips. 0 for the truth, and for grey.",
    takes=("truth_ab_change", "predicted_ab_change", "visible"),
    combine=mean_known,
    requires=NEEDS_FLOW,
    of_clips=True,
    headline=True,
    compared=True,
    order=230,
)
def flicker(
    truth_ab_change: npt.NDArray[np.float32],
    predicted_ab_change: npt.NDArray[np.float32],
    visible: npt.NDArray[np.bool_],
) -> float:
    """Return the flicker between a frame and the one before; NaN if no pixel is in both."""
    if not visible.any():
        return math.nan
    excess: Any = predicted_ab_change[visible].astype(np.float64) - truth_ab_change[visible]
    return float(np.maximum(excess, 0).mean())


def at_gap(gap: int) -> Combine:
    """Return the function that turns a clip's histograms into its CDC at one gap."""

    def at(histograms: npt.NDArray[np.float64]) -> float:
        return cdc_by_gap(histograms)[gap]

    return at


for _gap in GAPS:
    register_metric(
        name=f"cdc_{_gap}",
        label=f"CDC, gap {_gap}",
        direction="lower",
        range=(0, math.log(2)),
        source=NTIRE,
        description=f"The part of CDC that compares frames {_gap} apart.",
        takes={f"cdc_{_gap}": ("predicted_histograms",), f"cdc_{_gap}_truth": ("truth_histograms",)},
        combine=at_gap(_gap),
        of_clips=True,
        order=240 + _gap,
    )(frame_histograms)
