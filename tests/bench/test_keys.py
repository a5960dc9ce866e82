import hashlib
import sys

import pytest

from huebench.bench import keys
from huebench.bench.options import make_options
from huebench.bench.plan import make_plan
from huebench.datasets.registry import load_plugin
from huebench.methods.base import methods


@pytest.fixture(autouse=True)
def fresh():
    keys._source_digest.cache_clear()
    yield
    keys._source_digest.cache_clear()


def test_a_digest_depends_on_every_part():
    assert keys.digest(1, {"a": 2}) == keys.digest(1, {"a": 2})
    assert keys.digest(1, {"a": 2}) != keys.digest(1, {"a": 3})


def test_two_methods_have_two_sources():
    assert keys.class_source(methods.get("gray")) != keys.class_source(methods.get("mean-ab"))


def test_a_methods_source_follows_its_imports():
    module = sys.modules[methods.get("pixel-knn").__module__]
    found = keys._own_imports(keys.Path(module.__file__), module.__name__)
    assert {"huebench.datasets.color", "huebench.methods.base"} <= set(found)


PLUGIN = """
import numpy as np
from huebench.methods.base import Method, MethodInfo, register

@register
class Plugin(Method):
    info = MethodInfo(name={name!r}, family="baseline", source="a test")

    def colorize(self, lightness, context):
        return np.zeros((*lightness.shape, 2), np.float32)
"""


def test_an_edited_plugin_has_another_source(tmp_path, monkeypatch):
    path = tmp_path / "plugin_of_a_key_test.py"
    path.write_text(PLUGIN.format(name="plugin-of-a-key-test"))
    methods.discover()
    monkeypatch.setattr(methods, "_items", methods._items.copy())
    load_plugin(path)
    cls = methods.get("plugin-of-a-key-test")
    before, others = keys.class_source(cls), keys.class_source(methods.get("gray"))
    path.write_text(path.read_text() + "# edited\n")
    keys._source_digest.cache_clear()
    assert keys.class_source(cls) != before
    assert keys.class_source(methods.get("gray")) == others


def test_versions_name_every_library():
    versions = keys.library_versions()
    assert {"python", *keys.LIBRARIES} == set(versions)
    assert "not installed" not in versions.values()


def test_files_count_by_content(tmp_path):
    first, second = tmp_path / "first.pt", tmp_path / "second.pt"
    first.write_bytes(b"weights")
    second.write_bytes(b"weights")
    assert keys.files_content([first]) == keys.files_content([second])
    assert keys.files_content([first]) == [hashlib.sha256(b"weights").hexdigest()]
    second.write_bytes(b"other weights")
    assert keys.files_content([first]) != keys.files_content([second])


def test_other_weights_in_the_same_file_are_another_fit(tmp_path):
    file = tmp_path / "network.pt"

    def fit_key():
        options = make_options(
            methods=f"external[file={file}]", dataset="samples", data_root=None, split="test", limit=1,
            seeds=(0,), budget="smoke", device="cpu", devices=1, jobs=1, threads=1, timeout=None,
            max_memory=None, keep="none", size=None, resize="squash", metrics="psnr", plugins=(),
            out=tmp_path / "run", remote=False,
        )  # fmt: skip
        return make_plan(options).cells[0].fit_key

    file.write_bytes(b"weights")
    before = fit_key()
    assert fit_key() == before
    file.write_bytes(b"other weights")
    assert fit_key() != before
