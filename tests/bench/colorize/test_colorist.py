"""Methods that colorize photos."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pydantic import Field

from huebench import Method, MethodInfo, UserError, register
from huebench.bench.colorize.colorist import labels_of_run, named
from huebench.bench.plan.request import Request


@pytest.fixture
def sized():
    """A method whose b* is its size."""

    @register
    class Sized(Method):
        """Answers with its size."""

        info = MethodInfo(name="sized", family="classical", source="tests", trainable=False)

        class Parameters(Method.Parameters):
            """Its size."""

            size: int = Field(32, ge=16, multiple_of=16, description="side in pixels")

        def colorize(self, lightness, context):
            return np.full((*lightness.shape, 2), self.network_size, np.float32)

    return named("sized", Request.of())[0]


def test_a_size_holds_for_one_photo(sized):
    lightness, label = np.full((20, 20), 50, np.float32), sized.label
    assert sized.chroma(lightness, size=64)[0].mean() == 64
    assert sized.chroma(lightness)[0].mean() == 32
    assert sized.label == label


def test_a_size_that_a_method_cannot_work_at_is_refused_and_changes_nothing(sized):
    with pytest.raises(UserError, match="sized"):
        sized.chroma(np.full((20, 20), 50, np.float32), size=50)
    assert sized.size == 32


def test_all_of_a_run_are_its_own_methods_that_can_colorize_a_photo():
    known = [("near", "pixel-knn", '{"neighbours": 3}')]
    known += [(name, name, "{}") for name in ("gray", "pixel-knn", "oracle-lowres", "levin")]
    results = SimpleNamespace(cells=pd.DataFrame(known, columns=["method", "name", "parameters"]))
    assert labels_of_run(results, "all") == ["near", "gray", "pixel-knn"]
    assert labels_of_run(results, "classical") == ["near", "pixel-knn"]
    with pytest.raises(UserError, match=r"--method deep: the run has no such method .* it has near, gray"):
        labels_of_run(results, "deep")
