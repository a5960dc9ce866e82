"""Completion, as bash asks for it."""

import shlex

import pytest

from huebench.bench.metrics import metric_names
from huebench.methods.base import methods
from huebench.methods.info import FAMILIES


@pytest.fixture
def complete(bench, monkeypatch):
    """Return what bash is offered for the last word of a command line."""

    def offered(line):
        words = shlex.split(line) + ([""] if line.endswith(" ") else [])
        monkeypatch.setenv("_BENCH_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        code, output = bench()
        assert code == 0
        return output.split()

    return offered


def test_methods_and_families_are_offered(complete):
    assert set(complete("bench run --methods ")) == {"all", *FAMILIES, *methods.items()}
    assert complete("bench run --methods gray,pixel-") == ["gray,pixel-knn"]
    assert "gray,gray" not in complete("bench run --methods gray,")
    assert complete("bench check pixel-") == ["pixel-knn"]
    assert complete("bench run --rerun fa") == ["failed"]


def test_the_parameters_of_a_method_are_offered(complete):
    assert complete("bench run --methods gray,pixel-knn[neigh") == ["gray,pixel-knn[neighbours="]
    assert "pixel-knn[a=1,neighbours=" in complete("bench run --methods pixel-knn[a=1,")
    assert complete("bench run --methods no-such[") == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bench run --dataset fol", ["folder:"]),
        ("bench run --dataset hf", ["hf:"]),
        ("bench datasets info sam", ["samples"]),
        ("bench run --train-on lands", ["landscapes"]),
        ("bench run --protocol zhang", ["zhang2016"]),
        ("bench run --references random,n", ["random,neighbours"]),
        ("bench report x --format md,", ["md,html", "md,latex", "md,csv"]),
        ("bench figure x --format pdf,p", ["pdf,png"]),
        ("bench compare x y --format md,j", ["md,json", "md,junit"]),
        ("bench run --degrade blur,gr", ["blur,grain"]),
        ("bench weights get ecc", ["eccv16"]),
        ("bench weights add x --name icolorit-t", ["icolorit-tiny"]),
        ("bench run --split ", ["train", "validation", "test", "all"]),
    ],
)
def test_names_are_offered(complete, line, words):
    assert complete(line) == words


def test_metrics_are_offered_after_a_comma(complete):
    offered = complete("bench run --metrics psnr,")
    assert set(offered) == {f"psnr,{name}" for name in metric_names() if name != "psnr"}
    assert "auc,ssim" in complete("bench score x --metrics auc,s")


@pytest.mark.parametrize(
    "command", ["report", "compare x", "score", "figure", "clean", "study", "models show", "merge x", "site"]
)
def test_run_folders_are_offered(complete, tmp_path, command):
    for name in ("runs/one", "runs/two", "other/three", "no-run"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("runs/one", "runs/two", "other/three"):
        (tmp_path / name / "run.json").touch()
    assert complete(f"bench {command} ") == ["runs/one", "runs/two"]
    assert complete(f"bench {command} runs/t") == ["runs/two"]
    assert complete(f"bench {command} other/") == ["other/three"]
    assert complete(f"bench {command} {tmp_path}/other/") == [f"{tmp_path}/other/three"]


def test_help_has_panels_and_ends_with_examples(bench):
    code, output = bench("run", "--help")
    assert code == 0
    panels = ("Methods", "Photos", "Training", "Where and how it runs", "Scoring", "Results")
    places = [output.index(f"─ {panel} ─") for panel in panels]
    assert places == sorted(places)
    assert "bench run --methods all --rerun failed" in output[max(places) :]
