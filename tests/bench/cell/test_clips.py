"""Clips through the pipeline: shards, the motion between frames, and methods with memory."""

from types import SimpleNamespace

import numpy as np
import pytest

from huebench.bench.cell import clips as module
from huebench.bench.cell.clips import ClipTrack, Motions
from huebench.bench.cell.colorizer import Answer, InProcess
from huebench.bench.cell.pipeline import Outcome, Pipeline, Prediction
from huebench.bench.metrics import ClipScorer, Scorer
from huebench.bench.plan.photos import SHARD, limited, shards
from huebench.bench.protocol.protocol import Protocol
from huebench.datasets.base import Entry
from huebench.methods.base import Context, Method, MethodInfo

SIDE = 32
NO_REFERENCES = SimpleNamespace(choose=lambda entries, lightness: [], read=lambda chosen: None)
WHOLE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE + 40, 3), np.uint8)


def frames(clip="walk", count=6):
    return [Entry(f"{clip}/{i}", "test", "", "", f"{clip}{i}", clip, i) for i in range(count)]


def pixels(entry):
    """A camera that moves two pixels to the right per frame."""
    return WHOLE[:, 2 * entry.frame : 2 * entry.frame + SIDE]


def photos(flow=None):
    exact = lambda start, end: None if flow is None else flow(start, end)  # noqa: E731
    return SimpleNamespace(read=pixels, dataset=SimpleNamespace(flow=exact), prepare_key="as they are")


def exactly(start, end):
    return np.full((SIDE, SIDE, 2), [2 * (start.frame - end.frame), 0], np.float32)


class Adds(Method):
    """The number of frames since the start, as a*."""

    info = MethodInfo(name="adds", family="baseline", source="a test", temporal=True)
    seen = 0

    def start(self):
        self.seen = 0

    def colorize(self, lightness, context):
        chroma = np.zeros((*lightness.shape, 2), np.float32)
        for frame in chroma:
            frame[..., 0] = self.seen
            self.seen += 1
        return chroma


def test_a_shard_holds_frames_of_one_clip_and_long_clips_are_cut():
    entries = [*frames("long", SHARD + 5), *frames("short", 3)]
    made = shards(entries)
    assert [(s.number, len(s.entries), s.first, s.ends) for s in made] == [
        (0, SHARD, 0, False), (1, 5, 0, True), (2, 3, 2, True),
    ]  # fmt: skip
    photos_ = [Entry(str(i), "test", "", "", "") for i in range(SHARD + 1)]
    assert [(s.first, s.ends) for s in shards(photos_)] == [(0, True), (1, True)]


def test_a_limit_keeps_whole_clips():
    entries = [*frames("a"), *frames("b"), *frames("c")]
    kept = limited(entries, 2)
    assert len(kept) == 12
    assert len({entry.clip for entry in kept}) == 2


def pipeline(colorizer, **options):
    protocol = Protocol(size=SIDE, metrics=("psnr",))
    return Pipeline(protocol, photos(), Scorer(("psnr",)), colorizer, NO_REFERENCES, **options)


def watched(method):
    """Return a colorizer, and the list of the a* that it has answered, one per frame."""
    seen = []

    def colorizer(given):
        answer = InProcess(method, Context())(given)
        seen.extend(answer.chroma[:, 0, 0, 0].tolist())
        return answer

    return colorizer, seen


def test_a_method_remembers_within_a_clip_and_starts_with_the_next():
    colorizer, seen = watched(Adds())
    entries = frames()
    line = pipeline(colorizer, temporal=True)
    line.run(entries[:4])
    line.run(entries[4:], starts=False)
    line.run(frames("next")[:2])
    assert seen == [0, 1, 2, 3, 4, 5, 0, 1]


def test_photos_are_clips_of_one_frame():
    colorizer, seen = watched(Adds())
    stills = [Entry(str(i), "test", "", "", "", "", 0) for i in range(3)]
    pipeline(colorizer, temporal=True).run(stills)
    assert seen == [0, 0, 0]


def test_an_exemplar_method_sees_the_colour_of_key_frames_only():
    given_colour = []

    def colorizer(given):
        given_colour.extend(np.isfinite(given.true_chroma).all(axis=(1, 2, 3)).tolist())
        assert (
            np.isfinite(given.true_chroma).any(axis=(1, 2, 3)) == given_colour[-len(given.lightness) :]
        ).all()
        return Answer(np.zeros((*given.lightness.shape, 2), np.float32), 0.0)

    pipeline(colorizer, key_frame_every=4).run(frames())
    assert given_colour == [True, False, False, False, True, False]


def outcome(entry):
    rgb = pixels(entry)
    lightness, _ = Protocol(size=SIDE).hide(rgb[None])
    return Outcome(entry, truth=rgb, lightness=lightness[0], prediction=Prediction(rgb, 0.0, None))


def track(tmp_path, flow=None, names=("warp_error", "cdc")):
    return ClipTrack(ClipScorer(names), Motions(photos(flow), Protocol(size=SIDE), tmp_path))


def test_the_exact_motion_of_a_set_is_used_and_nothing_is_estimated(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "estimate", None)
    line = track(tmp_path, exactly)
    line.add(map(outcome, frames()))
    assert line.end()["warp_error"] == 0
    assert not list(tmp_path.iterdir())


def test_motion_is_estimated_once_and_kept_and_damage_is_repaired(tmp_path, monkeypatch):
    pytest.importorskip("cv2", reason="needs the extra 'video'")
    calls = []
    estimate = module.estimate

    def counted(start, end):
        calls.append(1)
        return estimate(start, end)

    monkeypatch.setattr(module, "estimate", counted)
    values = []
    for _ in range(2):
        line = track(tmp_path)
        line.add(map(outcome, frames()))
        values.append(line.end()["warp_error"])
    assert len(calls) == 10  # five steps, both ways
    next(tmp_path.glob("*.npy")).write_bytes(b"damaged")
    line = track(tmp_path)
    line.add(map(outcome, frames()))
    assert len(calls) == 11
    assert values == [line.end()["warp_error"]] * 2


def test_pieces_of_a_clip_score_as_the_whole(tmp_path):
    whole, cut = track(tmp_path, exactly), track(tmp_path, exactly)
    whole.add(map(outcome, frames()))
    for piece in (frames()[:1], frames()[1:4], frames()[4:]):
        cut.add(map(outcome, piece))
    assert cut.end() == whole.end()


def test_nothing_is_compared_over_a_frame_that_is_missing(tmp_path):
    asked = []

    def flow(start, end):
        asked.append((start.frame, end.frame))
        return exactly(start, end)

    line = track(tmp_path, flow)
    entries = frames()
    made = [outcome(entry) for entry in entries]
    made[2] = Outcome(entries[2], "undecodable", "broken")
    line.add(made)
    assert sorted({tuple(sorted(pair)) for pair in asked}) == [(0, 1), (3, 4), (4, 5)]


def test_flow_follows_frames_that_are_resized(tmp_path):
    motions = Motions(photos(exactly), Protocol(size=SIDE), tmp_path)
    small = np.zeros((SIDE // 2, SIDE // 2), np.float32)
    one, other = frames()[:2]
    found = motions.between((one, small), (other, small))
    np.testing.assert_allclose(found.flow, np.full((SIDE // 2, SIDE // 2, 2), [-1, 0]), atol=1e-5)
