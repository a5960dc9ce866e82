"""The CIEDE2000 colour difference."""

import math

from .pair import Lab
from .registry import register_metric


@register_metric(
    name="delta_e2000",
    label="ΔE2000",
    direction="lower",
    range=(0, math.inf),
    source="CIE 142-2001; Sharma, Wu and Dalal 2005, doi:10.1002/col.20070",
    description="Mean CIEDE2000 colour difference of the pixels, D65, kL = kC = kH = 1.",
    takes=("truth_lab", "predicted_lab"),
    headline=True,
    order=120,
)
def delta_e2000(truth_lab: Lab, predicted_lab: Lab) -> float:
    """Return the mean CIEDE2000 difference of pixels given as lightness (N,) and ab (N, 2)."""
    from .kernels.delta_e2000 import mean_delta_e2000

    return float(mean_delta_e2000(*truth_lab, *predicted_lab))
