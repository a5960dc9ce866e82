"""Each check of the conformance suite fails on a method that breaks its promise."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numba
import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save

from huebench.bench.conformance.checks import CHECKS
from huebench.bench.conformance.run import _run_check, run_checks
from huebench.bench.conformance.subject import Subject, TinyDataset
from huebench.methods.base import Method, MethodInfo, methods
from huebench.methods.deep.resnet34_regression import ResNet34Regression
from huebench.methods.spec import MethodSpec


class Broken(Method):
    """A method that keeps to the contract until a subclass breaks it."""

    info = MethodInfo(name="broken", family="baseline", source="a test", trainable=True, seeded=False)
    fitted = ("mean",)

    def fit(self, train, validation, context):
        self.train = train
        self.mean = np.array([3, -4], np.float32)

    def colorize(self, lightness, context):
        return np.broadcast_to(self.mean, (*lightness.shape, 2)).copy()


class UndescribedParameter(Broken):
    """A parameter without a description."""

    class Parameters(Broken.Parameters):
        strength: float = 1


class WrongDtype(Broken):
    def colorize(self, lightness, context):
        return super().colorize(lightness, context).astype(np.float64)


class OutOfRange(Broken):
    def colorize(self, lightness, context):
        return super().colorize(lightness, context) + 200


class NotFinite(Broken):
    def colorize(self, lightness, context):
        return super().colorize(lightness, context) * np.float32(np.nan)


class SquareOnly(Broken):
    def colorize(self, lightness, context):
        if lightness.shape[1] != lightness.shape[2]:
            raise ValueError("square photos only")
        return super().colorize(lightness, context)


class Unseeded(Broken):
    def fit(self, train, validation, context):
        self.mean = np.random.default_rng().normal(size=2).astype(np.float32)


class UndeclaredSeed(Broken):
    def fit(self, train, validation, context):
        self.mean = context.rng().normal(size=2).astype(np.float32)


class BatchDependent(Broken):
    def colorize(self, lightness, context):
        return super().colorize(lightness, context) + len(lightness)


class ForgetsOnSave(Broken):
    def load(self, folder):
        self.mean = np.zeros(2, np.float32)


class WritesInput(Broken):
    def colorize(self, lightness, context):
        lightness += 1
        return super().colorize(lightness, context)


class ThreadDependent(Broken):
    def colorize(self, lightness, context):
        import numba

        return super().colorize(lightness, context) + numba.get_num_threads()


class PeeksAtTheTruth(Broken):
    def colorize(self, lightness, context):
        dataset = self.train.dataset
        peeked = dataset.read(dataset.split("test")[0]).mean()
        return np.full((*lightness.shape, 2), peeked / 4, np.float32)


class PeeksAroundHints(Broken):
    info = MethodInfo(
        name="broken", family="classical", source="a test", trainable=True, hints=True, seeded=False
    )

    def colorize(self, lightness, context):
        if context.hints is None:
            return super().colorize(lightness, context)
        return PeeksAtTheTruth.colorize(self, lightness, context)


class CopiesHints(PeeksAroundHints):
    """A method that keeps its promises: colour at the hints, the mean elsewhere."""

    def colorize(self, lightness, context):
        grey = Broken.colorize(self, lightness, context)
        return (
            grey if context.hints is None else np.where(context.hints.mask[..., None], context.hints.ab, grey)
        )


class NeedsHints(PeeksAroundHints):
    def colorize(self, lightness, context):
        return context.hints.ab.copy()


class PaintsOverHints(PeeksAroundHints):
    def colorize(self, lightness, context):
        if context.hints is not None:
            context.hints.ab[:] += 1
        return super().colorize(lightness, replace(context, hints=None))


class ReadsUnknownFile(Broken):
    table = Path()

    def colorize(self, lightness, context):
        return super().colorize(lightness, context) + np.float32(len(self.table.read_bytes()))


class MakesItsOwnFile(Broken):
    def colorize(self, lightness, context):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "scratch").write_text("0")
            return super().colorize(lightness, context) + np.float32(Path(folder, "scratch").read_text())


class Remembers(Broken):
    """A temporal method that keeps to the contract: the mean lightness of the frame before."""

    info = Broken.info.model_copy(update={"temporal": True})
    before = 0.0

    def start(self):
        self.before = 0.0

    def colorize(self, lightness, context):
        answer = super().colorize(lightness, context)
        for number, plane in enumerate(lightness):
            answer[number] += np.float32(self.before / 10)
            self.before = float(plane.mean())
        return answer


class NeverStarts(Remembers):
    def start(self):
        pass


class ForgetsBetweenChunks(Remembers):
    def colorize(self, lightness, context):
        self.before = 0.0
        return super().colorize(lightness, context)


class KeepsEveryFrame(Remembers):
    def start(self):
        super().start()
        self.frames = []

    def colorize(self, lightness, context):
        self.frames += list(lightness.copy())
        return super().colorize(lightness, context)


CASES = [
    (UndescribedParameter, "metadata", "parameter 'strength' needs a description"),
    (WrongDtype, "answer", "must be float32"),
    (OutOfRange, "answer", "must stay within 128"),
    (NotFinite, "answer", "non-finite values"),
    (SquareOnly, "odd sizes", "square photos only"),
    (Unseeded, "determinism", "two fits with the same seed"),
    (UndeclaredSeed, "seed", "must declare seeded=True"),
    (BatchDependent, "batch independence", "alone and in a batch"),
    (NeverStarts, "chunks of a clip", "after another clip"),
    (ForgetsBetweenChunks, "chunks of a clip", "differently in chunks of 2"),
    (KeepsEveryFrame, "memory of a clip", "grows with the clip"),
    (ForgetsOnSave, "save and load", "load does not restore save"),
    (WritesInput, "inputs unchanged", "changes the lightness"),
    (ThreadDependent, "threads", "threads give different answers"),
    (PeeksAtTheTruth, "hidden colour", "hidden colours"),
    (PeeksAroundHints, "hints", "colours outside the hints"),
    (NeedsHints, "hints", "AttributeError"),
    (PaintsOverHints, "inputs unchanged", "changes the hints"),
    (
        ReadsUnknownFile,
        "files",
        "table.bin', which is in no key: make it a Path parameter",
    ),
]


@pytest.fixture
def registered(monkeypatch, tmp_path):
    monkeypatch.setattr(ReadsUnknownFile, "table", tmp_path / "table.bin")
    ReadsUnknownFile.table.write_bytes(b"1")

    def register(cls):
        monkeypatch.setitem(methods._items, "broken", cls)
        return MethodSpec("broken")

    methods.discover()
    return register


@pytest.mark.parametrize(("cls", "check", "message"), CASES, ids=[case[0].__name__ for case in CASES])
def test_each_broken_promise_fails_its_check(registered, cls, check, message):
    outcomes = {outcome.name: outcome for outcome in run_checks(registered(cls))}
    if check == "threads" and numba.config.NUMBA_NUM_THREADS == 1:
        assert outcomes[check].result == "skipped"
        pytest.skip("one core: there is no other number of threads to try")
    assert outcomes[check].result == "failed"
    assert message in outcomes[check].detail


def test_a_file_that_the_method_names_or_made_itself_may_be_read(registered):
    class NamesItsFile(ReadsUnknownFile):
        files = property(lambda self: (self.table,))

    for cls in (NamesItsFile, MakesItsOwnFile):
        outcomes = {outcome.name: outcome for outcome in run_checks(registered(cls))}
        assert outcomes["files"].result == "passed", outcomes["files"].detail


def test_weights_in_the_cache_of_the_hub_must_be_in_the_key(registered, cached_by_hub):
    class Trained(ResNet34Regression):
        """Starts from weights of a small encoder."""

        info = ResNet34Regression.info.model_copy(update={"name": "broken"})

    class TrainedUnseen(Trained):
        files = ()

    torch.manual_seed(0)
    cached_by_hub("test_resnet.r160_in1k", save(timm.create_model("test_resnet").state_dict()))
    outcomes = []
    for cls in (Trained, TrainedUnseen):
        spec = replace(registered(cls), parameters={"backbone": "test_resnet", "size": "32", "epochs": "1"})
        with tempfile.TemporaryDirectory() as folder:
            subject = Subject(spec, TinyDataset(), Path(folder))
            assert subject.fitted.notes["backbone weights"] == "imagenet"
            outcomes.append(_run_check("files", subject))
    assert outcomes[0].result == "passed", outcomes[0].detail
    assert outcomes[1].result == "failed"
    assert "which is in no key" in outcomes[1].detail


def test_a_method_that_keeps_its_promises_passes(registered):
    still, temporal, hinted = (
        {outcome.name: outcome.result for outcome in run_checks(registered(cls))}
        for cls in (Broken, Remembers, CopiesHints)
    )
    assert {name for name, result in still.items() if result != "passed"} == {
        "chunks of a clip",
        "memory of a clip",
        "hints",
    }
    assert {name for name, result in temporal.items() if result != "passed"} == {
        "batch independence",
        "hints",
    }
    assert hinted["hints"] == "passed"
    assert "failed" not in {*still.values(), *temporal.values(), *hinted.values()}


def test_every_check_has_a_case():
    assert {check for _, check, _ in CASES} == set(CHECKS)


def test_a_missing_library_skips_and_says_what_to_install(registered):
    class NeedsMore(Broken):
        info = MethodInfo(
            name="broken", family="baseline", source="a test", requires={"no_such_module": "extra"}
        )

    outcomes = run_checks(registered(NeedsMore))
    assert {outcome.result for outcome in outcomes} == {"skipped"}
    assert outcomes[0].detail == "needs no_such_module: pip install 'huebench[extra]'"


@pytest.mark.parametrize(("apart", "result"), [(5e-4, "passed"), (2e-3, "failed")])
def test_a_network_may_sum_in_another_order_in_a_batch(registered, apart, result):
    class Summing(Broken):
        def colorize(self, lightness, context):
            return super().colorize(lightness, context) + np.float32(apart * (len(lightness) > 1))

    outcomes = {each.name: each.result for each in run_checks(registered(Summing))}
    assert outcomes["batch independence"] == result
