import re

from huebench.bench.protocol.presets import presets
from huebench.datasets.base import datasets
from huebench.methods.base import methods
from huebench.plugins import Broken


def test_methods_are_listed_with_what_they_are(bench):
    code, output = bench("list", "methods")
    assert code == 0
    for name in methods.items():
        assert re.search(rf"^ {name} ", output, re.MULTILINE)
    assert "a* = b* = 0 everywhere" in output


def test_one_method_is_shown_with_its_source_and_parameters(bench):
    code, output = bench("list", "methods", "pixel-knn")
    assert code == 0
    assert "Das et al. 2023" in output
    assert re.search(r"neighbours +5 +reference pixels averaged", output)


def test_a_method_without_parameters_says_so(bench):
    assert "no parameters" in bench("list", "methods", "gray")[1]


def test_an_unknown_method_is_a_mistake(bench):
    assert bench("list", "methods", "grey") == (2, "error: unknown method 'grey'; did you mean gray?\n")


def test_a_broken_method_stays_listed_with_its_reason(bench, monkeypatch):
    methods.discover()
    monkeypatch.setitem(methods.broken, "shattered", Broken("shattered", "ImportError: no colour", ""))
    assert re.search(r"shattered +broken +ImportError: no colour", bench("list", "methods")[1])


def test_a_missing_library_says_what_to_install(bench, plugin, monkeypatch):
    methods.discover()
    monkeypatch.setattr(methods, "_items", methods.items())
    path = plugin("needy")
    path.write_text(path.read_text().replace("trainable=True", 'requires={"no_such_module": "extra"}'))
    assert "pip install 'huebench[extra]'" in bench("list", "methods", "--plugin", path)[1]


def test_brackets_are_shown_as_they_are(bench, plugin, monkeypatch):
    methods.discover()
    monkeypatch.setattr(methods, "_items", methods.items())
    path = plugin("odd")
    given = "@register\nclass Plugin(Method):"
    more = (
        'class Parameters(Method.Parameters):\n        layers: str = Field("[relu]", description="a [list]")'
    )
    text = path.read_text().replace(given, "from pydantic import Field\n" + given)
    path.write_text(text.replace('    """Made for a test."""', f'    """Made for a test."""\n\n    {more}'))
    assert re.search(r"layers +\[relu\] +a \[list\]", bench("list", "methods", "odd", "--plugin", path)[1])


def test_datasets_are_listed_with_splits_and_licence(bench):
    code, output = bench("list", "datasets")
    assert code == 0
    assert {"folder", "landscapes", "mirflickr", "samples"} <= set(datasets.items())
    for cls in datasets.items().values():
        assert cls.info.usage in output
    assert all(usage in output for usage in ("folder:PATH", "pan:DATASET", "shards:PATTERN"))


def test_metrics_are_listed_with_direction_unit_and_source(bench):
    code, output = bench("list", "metrics")
    assert code == 0
    assert re.search(r"psnr +higher +dB", output)
    assert re.search(r"colorfulness +target", output)
    assert "Wang, Bovik" in output


def test_protocols_are_listed_with_source_and_digest(bench):
    code, output = bench("list", "protocols")
    assert code == 0
    for preset in presets.items().values():
        assert re.search(rf"^ {preset.name} +{preset.protocol.digest} ", output, re.MULTILINE)
    assert "arXiv:1603.08511" in output
    assert "…" not in output


def test_one_protocol_is_shown_with_the_source_of_each_choice(bench):
    code, output = bench("list", "protocols", "ct2")
    assert code == 0
    assert re.search(r"resize +center-crop +segm/data/coco.py", output)
    assert re.search(r"near grey threshold +5.0 +ours", output)
    assert "not as there: " in output


def test_an_unknown_protocol_is_a_mistake(bench):
    assert bench("list", "protocols", "ct3") == (2, "error: unknown protocol 'ct3'; did you mean ct2?\n")
