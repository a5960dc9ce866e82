"""The metrics of clips against an independent implementation, and on clips whose values are known."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from huebench import UserError
from huebench.bench.metrics import ClipScorer, FrameStep, Motion, default_metrics, get_metric, register_metric
from huebench.bench.metrics.temporal import cdc, cdc_by_gap
from huebench.methods.kernels.flow import visible

TEMPORAL = default_metrics(of_clips=True)


def scipy_cdc(frames):
    """CDC as NTIRE computes it, by NumPy's histograms and SciPy's divergence (a distance, so squared)."""
    shares = np.array(
        [
            [np.histogram(frame[..., c], 256, (0, 256))[0] / frame[..., c].size for c in range(3)]
            for frame in frames
        ]
    )
    by_gap = []
    for gap in (1, 2, 4):
        pairs = zip(shares[:-gap], shares[gap:], strict=True)
        by_gap.append(np.mean([[jensenshannon(p[c], q[c]) ** 2 for c in range(3)] for p, q in pairs]))
    return np.mean(by_gap)


def clip(count=8, seed=0, shape=(20, 24)):
    """Return a clip of a slowly changing noise, uint8 (count, H, W, 3)."""
    rng = np.random.default_rng(seed)
    base, step = rng.normal(120, 40, (*shape, 3)), rng.normal(0, 4, (*shape, 3))
    return np.stack([np.clip(base + i * step, 0, 255) for i in range(count)]).astype(np.uint8)


def scored(truth, predicted, flow=None, names=TEMPORAL):
    scorer = ClipScorer(names)
    still = np.zeros((*truth.shape[1:3], 2), np.float32)
    flow = still if flow is None else np.broadcast_to(np.float32(flow), still.shape)
    motion = Motion(flow, visible(flow, -flow))
    for i in range(len(truth)):
        before = (truth[i - 1], predicted[i - 1], motion) if i else ()
        scorer.add(FrameStep(truth[i], predicted[i], *before))
    return scorer.end()


@pytest.mark.parametrize("count", [5, 9])
def test_cdc_equals_scipys(count):
    truth, predicted = clip(count), clip(count, seed=1)
    columns = scored(truth, predicted)
    assert columns["cdc"] == pytest.approx(scipy_cdc(predicted), abs=1e-9)
    assert columns["cdc_truth"] == pytest.approx(scipy_cdc(truth), abs=1e-9)
    gaps = [columns[f"cdc_{gap}"] for gap in (1, 2, 4)]
    assert columns["cdc"] == pytest.approx(np.mean(gaps))


def test_a_clip_of_four_frames_has_no_cdc():
    assert math.isnan(scored(clip(4), clip(4))["cdc"])
    assert math.isfinite(scored(clip(5), clip(5))["cdc"])
    assert math.isnan(cdc(np.full((3, 3, 256), 1 / 256)))
    assert cdc_by_gap(np.full((3, 3, 256), 1 / 256))[2] == 0


def test_frames_without_a_common_level_are_ln_2_apart():
    frames = np.stack([np.full((4, 4, 3), 10 * i, np.uint8) for i in range(6)])
    assert scored(frames, frames)["cdc"] == pytest.approx(math.log(2))


def test_a_film_shifted_by_whole_pixels_has_no_warp_error():
    whole = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    frames = np.stack([whole[:, 2 * i : 2 * i + 40] for i in range(6)])
    columns = scored(frames, frames, flow=(-2, 0))
    assert columns["warp_error"] == columns["warp_error_truth"] == 0
    assert columns["flicker"] == 0
    assert scored(frames, frames)["warp_error"] > 0.1  # without the motion


def test_warp_error_is_the_sum_over_channels_of_squares_in_0_to_1():
    truth = np.zeros((5, 6, 6, 3), np.uint8)
    predicted = truth.copy()
    predicted[1::2] = (51, 0, 102)
    assert scored(truth, predicted)["warp_error"] == pytest.approx(0.2**2 + 0.4**2)


def test_pixels_that_a_frame_hides_do_not_count():
    truth = np.zeros((5, 8, 8, 3), np.uint8)
    predicted = truth.copy()
    predicted[1::2, :, :4] = 255
    scorer = ClipScorer(["warp_error"])
    seen = np.zeros((8, 8), bool)
    seen[:, 4:] = True
    for i in range(1, 5):
        motion = Motion(np.zeros((8, 8, 2), np.float32), seen)
        scorer.add(FrameStep(truth[i], predicted[i], truth[i - 1], predicted[i - 1], motion))
    assert scorer.end()["warp_error"] == 0


def test_flicker_counts_only_what_exceeds_the_truth():
    truth = clip()
    grey = np.repeat(truth.mean(-1, keepdims=True).astype(np.uint8), 3, axis=-1)
    shaken = truth.copy()
    shaken[1::2] = shaken[1::2, ..., ::-1]  # red and blue change places in every second frame
    values = {name: scored(truth, each)["flicker"] for name, each in
              (("truth", truth), ("grey", grey), ("shaken", shaken))}  # fmt: skip
    assert values["truth"] == 0
    assert values["grey"] == pytest.approx(0, abs=0.05)
    assert values["shaken"] > 5


def test_a_grey_clip_is_rewarded_by_plain_cdc_but_not_by_its_gap():
    rng = np.random.default_rng(0)
    truth = np.stack([np.full((8, 8, 3), rng.integers(0, 256, 3)) for _ in range(8)]).astype(np.uint8)
    grey = np.full_like(truth, 128)
    columns = scored(truth, grey)
    assert columns["cdc"] == 0 < columns["cdc_truth"]
    assert "pale colours lower it" in get_metric("cdc").description
    assert get_metric("cdc_gap").columns == ("cdc", "cdc_truth")


def test_a_gap_in_a_clip_is_not_compared():
    frames = clip()
    scorer = ClipScorer(TEMPORAL)
    for frame in frames:
        scorer.add(FrameStep(frame, frame))
    columns = scorer.end()
    assert math.isnan(columns["warp_error"])
    assert math.isfinite(columns["cdc"])


def test_the_next_clip_begins_anew():
    one, other = clip(seed=0), clip(seed=1)
    scorer = ClipScorer(["cdc"])
    ends = []
    for frames in (one, other):
        for frame in frames:
            scorer.add(FrameStep(frame, frame))
        ends.append(scorer.end()["cdc"])
    assert ends[1] == scored(other, other, names=["cdc"])["cdc"]


def test_a_plugin_can_add_a_metric_of_clips():
    @register_metric(
        name="brightness_change", direction="lower", source="a test", description="Change of the mean level.",
        takes=("predicted",), combine=lambda means: float(np.abs(np.diff(means)).mean()), of_clips=True,
    )  # fmt: skip
    def brightness(predicted):
        return float(predicted.mean())

    frames = np.stack([np.full((4, 4, 3), level, np.uint8) for level in (0, 10, 30)])
    assert scored(frames, frames, names=["brightness_change"]) == {"brightness_change": 15}


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"takes": ("truth_lab",)}, "it can take truth, predicted"), ({"combine": None}, "needs combine")],
)
def test_a_wrong_metric_of_clips_is_refused(fields, message):
    given = {"takes": ("predicted",), "combine": float, **fields}
    with pytest.raises(UserError, match=message):
        register_metric(
            name="wrong", direction="lower", source="a test", description="…", of_clips=True, **given
        )(lambda predicted: 0.0)
