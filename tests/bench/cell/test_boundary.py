"""A method never gets at the scored photos, the scorer or other cells' results."""

import json
import subprocess
import sys

import pytest

from huebench.bench.cell import isolation
from huebench.reports.tables import read_results

CHEATS = '''
import os, sys
from pathlib import Path
import numpy as np
from huebench.methods.base import Method, MethodInfo, register

def grey(lightness):
    return np.zeros((*lightness.shape, 2), np.float32)

class Cheat(Method):
    """Made for a test."""
    def fit(self, train, validation, context):
        self.train, self.checkpoints = train, context.checkpoints
    def save(self, folder):
        (folder / "nothing").touch()
    def load(self, folder):
        pass

def cheat(name, oracle=False):
    def make(colorize):
        info = MethodInfo(name=name, family="baseline", source="a test", trainable=True, oracle=oracle)
        register(type(name, (Cheat,), {"__doc__": "Made.", "info": info, "colorize": colorize}))
    return make

@cheat("reads-frames")
def reads_frames(self, lightness, context):
    """Look for the hidden chroma in the frames that called."""
    frame = sys._getframe(1)
    while frame is not None:
        for name, value in frame.f_locals.items():
            if "chroma" in name and isinstance(value, np.ndarray) and value.shape == (*lightness.shape, 2):
                return value.copy()
        frame = frame.f_back
    return grey(lightness)

@cheat("reads-dataset")
def reads_dataset(self, lightness, context):
    """Look for the scored photos through the training set."""
    assert not [each for each in self.train.dataset.entries() if each.split == "test"]
    return grey(lightness)

@cheat("patches-scorer")
def patches_scorer(self, lightness, context):
    """Let the scorer answer 99 dB."""
    import huebench.bench.metrics.psnr as module
    from huebench.bench.metrics.scorer import Scorer
    Scorer.score = lambda self, truth, predicted: None
    module.psnr = lambda *_: 99.0
    return grey(lightness)

@cheat("oracle-in-cells", oracle="HUEBENCH_CELL" in os.environ)
def oracle_in_cells(self, lightness, context):
    """Call itself an oracle where it runs, but not where it is planned."""
    return grey(lightness) if context.true_chroma is None else context.true_chroma
'''

FORGER = '''
import json
from pathlib import Path
import numpy as np
from huebench.files import seal
from huebench.methods.base import Method, MethodInfo, register

@register
class Forger(Method):
    """Write into the cells of other methods."""
    info = MethodInfo(name="forges", family="baseline", source="a test", trainable=True)
    def fit(self, train, validation, context):
        cells = context.checkpoints.parents[2] / "cells"
        for status in cells.glob("*/status.json"):
            seal(status, json.loads(status.read_text())["content"] | {"reason": "forged"})
    def colorize(self, lightness, context):
        return np.zeros((*lightness.shape, 2), np.float32)
'''

RUN = ("run", "--limit", 3, "--size", 32, "--metrics", "psnr", "--out", "out", "--keep-predictions", "none")


def test_cheating_methods_score_no_more_than_gray(bench, tmp_path):
    plugin = tmp_path / "cheats.py"
    plugin.write_text(CHEATS)
    names = ["reads-frames", "reads-dataset", "patches-scorer", "oracle-in-cells"]
    code, output = bench(*RUN, "--methods", ",".join(["gray", *names]), "--plugin", plugin)
    assert code == 0, output
    results = read_results(tmp_path / "out")
    assert not results.cells["oracle"].any()
    scores = results.images.pivot_table(index="photo", columns="method", values="psnr")
    for name in names:
        assert (scores[name] == scores["gray"]).all(), name


@pytest.mark.slow
@pytest.mark.skipif(not isolation.is_supported(), reason="this kernel has no Landlock")
def test_isolated_method_cannot_write_into_other_cells(bench, tmp_path):
    plugin = tmp_path / "forger.py"
    plugin.write_text(FORGER)
    code, output = bench(*RUN, "--methods", "gray,forges", "--plugin", plugin, "--isolate")
    assert code == 1, output
    cells = read_results(tmp_path / "out").cells.set_index("method")
    assert cells.loc["gray", "status"] == "ok"
    assert "PermissionError" in cells.loc["forges", "reason"]
    statuses = [json.loads(path.read_text()) for path in (tmp_path / "out" / "cells").glob("*/status.json")]
    assert not [each for each in statuses if each["content"].get("reason") == "forged"]


@pytest.mark.skipif(not isolation.is_supported(), reason="this kernel has no Landlock")
def test_restricted_process_reads_and_writes_only_allowed_paths(tmp_path):
    for name in ("open", "closed", "own"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    script = f"""
import os, sys
from pathlib import Path
from huebench.bench.cell.isolation import restrict
folder = Path({str(tmp_path)!r})
system = map(Path, ("/usr", "/lib", "/lib64", sys.prefix, sys.base_prefix))
restrict([*system, folder / "open"], [folder / "own"])
def attempt(action):
    try:
        action()
    except OSError:
        return False
    return True
print([
    attempt((folder / "open" / "file").read_text),
    attempt((folder / "closed" / "file").read_text),
    attempt(lambda: (folder / "open" / "new").write_text("")),
    attempt(lambda: (folder / "own" / "new").write_text("")),
    attempt(lambda: os.listdir(folder / "closed")),
    attempt((folder / "closed" / "file").unlink),
])
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[True, False, False, True, False, False]"


def test_isolation_without_landlock_is_refused(bench, monkeypatch):
    monkeypatch.setattr(isolation, "is_supported", lambda: False)
    code, output = bench(*RUN, "--methods", "gray", "--isolate")
    assert code == 2
    assert "--isolate needs Linux" in output
