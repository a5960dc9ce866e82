import hashlib
import importlib
import sys
from pathlib import Path

import pytest

from huebench import UserError
from huebench.bench.executors import environment
from huebench.bench.metrics import register_metric, registry
from huebench.bench.plan import keys
from huebench.bench.plan.photos import open_split
from huebench.bench.plan.plan import make_plan, weights_to_get
from huebench.bench.plan.request import Request
from huebench.methods.base import methods
from huebench.plugins import load_plugin
from huebench.sources import code_of, forget


@pytest.fixture(autouse=True)
def fresh():
    forget()
    yield
    forget()


@pytest.fixture
def edited(monkeypatch):
    """Let a file of some name, and it alone, read as if a line had been added."""
    read = Path.read_bytes

    def edit(name):
        monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"\n" * (path.name == name))
        forget()

    return edit


@pytest.fixture
def plan(tmp_path):
    def make(method="gray"):
        return make_plan(
            Request(
                methods=method, limit=1, budget="smoke", device="cpu", threads=1, keep_predictions="none",
                metrics="psnr", out=tmp_path / "run",
            )
        )  # fmt: skip

    return make


def test_a_digest_depends_on_every_part():
    assert keys.digest(1, {"a": 2}) == keys.digest(1, {"a": 2})
    assert keys.digest(1, {"a": 2}) != keys.digest(1, {"a": 3})


def test_two_methods_have_two_sources():
    assert keys.class_source(methods.get("gray")) != keys.class_source(methods.get("mean-ab"))


def test_a_methods_source_follows_its_imports():
    module = sys.modules[methods.get("pixel-knn").__module__]
    code = code_of(module.__name__, Path(module.__file__))
    assert {"huebench.datasets.color.conversion", "huebench.methods.base"} <= set(code.files)
    assert "numpy" in code.libraries


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
    forget()
    assert keys.class_source(cls) != before
    assert keys.class_source(methods.get("gray")) == others


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Install a distribution that registers a plugin through an entry point; return its package's folder."""
    package, facts = tmp_path / "hues_of_a_test", tmp_path / "hues_of_a_test-1.0.dist-info"
    for folder in (package, facts):
        folder.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: hues-of-a-test\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[huebench.methods]\nhues = hues_of_a_test.plug\n")
    (package / "__init__.py").write_text("")
    (package / "layers.py").write_text("from .depths import DEPTH\n")
    (package / "depths.py").write_text("DEPTH = 3\n")
    (package / "optional.py").write_text("what is this\n")
    (package / "plug.py").write_text(
        "from . import layers\n"
        "class Method:\n    depth = layers.DEPTH\n    def fit(self):\n        from . import optional\n"
        "def score(truth, prediction):\n    return layers.DEPTH\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.startswith("hues_of_a_test")]:
        del sys.modules[name]


@pytest.mark.parametrize("file", ["plug.py", "layers.py", "depths.py", "../*.dist-info/METADATA"])
def test_an_installed_plugins_source_is_all_that_it_imports_of_its_package_and_its_version(
    distribution, file
):
    plug = importlib.import_module("hues_of_a_test.plug")
    named = {"name": "hues", "direction": "none", "source": "a test", "description": "None."}
    register_metric(**named)(plug.score)

    def sources():
        forget()
        return keys.class_source(plug.Method), keys.metrics_source(["hues"])

    before = sources()
    assert sources() == before
    (changed,) = distribution.glob(file)
    changed.write_text(changed.read_text().replace("Version: 1.0", "Version: 1.1") + "\n")
    assert not set(sources()) & set(before)


HELPERS = {
    "a module beside it": ("import hues_beside", "hues_beside.py"),
    "a module that a module beside it imports": ("import hues_between", "hues_deep.py"),
    "a module imported in a function": ("def f():\n    from hues_beside import DEPTH", "hues_beside.py"),
    "a module of a package beside it": ("from hues_pack import part", "hues_pack/part.py"),
    "a package beside it": ("import hues_pack.part", "hues_pack/__init__.py"),
    "a module imported by a text": (
        "import importlib\nimportlib.import_module('hues_beside')", "hues_beside.py",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HELPERS)
def test_a_plugin_files_source_is_all_that_it_imports_from_its_folder(tmp_path, monkeypatch, what):
    monkeypatch.setattr(sys, "path", [*sys.path])
    statement, changed = HELPERS[what]
    (tmp_path / "hues_pack").mkdir()
    for name in ("hues_beside", "hues_deep", "hues_pack/__init__", "hues_pack/part", "hues_unused"):
        (tmp_path / f"{name}.py").write_text("DEPTH = 3\n")
    (tmp_path / "hues_between.py").write_text("import hues_deep\n")
    path = tmp_path / "plugin.py"
    path.write_text(f"{statement}\n{PLUGIN.format(name='helped')}")
    load_plugin(path)

    def source():
        forget()
        return keys.class_source(methods.get("helped"), methods.source("helped"))

    before = source()
    (tmp_path / "hues_unused.py").write_text("DEPTH = 4\n")
    assert source() == before
    (tmp_path / changed).write_text("DEPTH = 4\n")
    assert source() != before
    for name in [name for name in sys.modules if name.startswith("hues_")]:
        del sys.modules[name]


def test_a_library_counts_by_its_version(monkeypatch):
    def source():
        forget()
        return keys.class_source(methods.get("external"))

    before = source()
    monkeypatch.setattr("huebench.sources.version", lambda name: "0" if name == "onnxruntime" else "1")
    other = source()
    monkeypatch.setattr("huebench.sources.version", lambda name: "1")
    assert len({before, other, source()}) == 3


def test_a_module_that_a_method_requires_counts_by_its_version(tmp_path, monkeypatch):
    path = tmp_path / "needs_more.py"
    requires = 'source="a test", requires={"timm": "bench"}'
    path.write_text(PLUGIN.format(name="needs-more").replace('source="a test"', requires))
    load_plugin(path)

    def source(version):
        forget()
        monkeypatch.setattr("huebench.sources.version", lambda name: version if name == "timm" else "1")
        return keys.class_source(methods.get("needs-more"))

    assert source("1") != source("2")


def test_both_the_file_that_registers_and_the_file_that_defines_a_class_count(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "hues_made.py").write_text(
        "from huebench.methods.base import Method, MethodInfo\n"
        "def make(depth):\n"
        "    class Made(Method):\n"
        "        info = MethodInfo(name='made', family='baseline', source='a test')\n"
        "        def colorize(self, lightness, context):\n"
        "            return depth\n"
        "    return Made\n"
    )
    path = tmp_path / "makes.py"
    path.write_text(
        "from hues_made import make\nfrom huebench.methods.base import register\nregister(make(3))\n"
    )
    load_plugin(path)

    def source():
        forget()
        return keys.class_source(methods.get("made"), methods.source("made"))

    before = source()
    path.write_text(path.read_text().replace("3", "4"))
    assert source() != before
    del sys.modules["hues_made"]


def test_the_path_of_a_plugin_file_is_not_part_of_its_source(tmp_path, monkeypatch):
    sources = []
    for folder in ("here", "there"):
        path = tmp_path / folder / "plugin.py"
        path.parent.mkdir()
        path.write_text(PLUGIN.format(name="movable"))
        monkeypatch.setattr(methods, "_items", {})
        load_plugin(path)
        sources.append(keys.class_source(methods.get("movable")))
    assert sources[0] == sources[1]


SAMPLED = [
    "references.py",
    "training_sample.py",
    "protocol.py",
    "conversion.py",
    "bins.py",
    "photos.py",
    "samples.py",
]


@pytest.mark.parametrize("file", SAMPLED)
def test_another_code_makes_another_training_sample(plan, edited, file):
    (before,) = plan().cells
    edited(file)
    (after,) = plan().cells
    assert after.sample != before.sample
    assert after.prediction_key != before.prediction_key


def test_another_library_makes_another_training_sample(plan, monkeypatch):
    (before,) = plan().cells
    monkeypatch.setattr("huebench.bench.plan.plan.library_versions", lambda: {"numpy": "0"})
    assert plan().cells[0].sample != before.sample


@pytest.mark.parametrize("file", ["psnr.py", "scorer.py", "pair.py", "weights.py"])
def test_another_metric_scores_again_without_colorizing_again(plan, edited, file):
    (before,) = plan().cells
    edited(file)
    (after,) = plan().cells
    assert after.prediction_key == before.prediction_key
    assert after.key != before.key


@pytest.mark.parametrize("file", ["protocol.py", "samples.py"])
def test_another_code_that_prepares_photos_makes_other_packed_copies_and_fits(plan, edited, file):
    (before,) = plan().cells
    packed = open_split(before.request, "train").prepare_key
    edited(file)
    (after,) = plan().cells
    assert open_split(after.request, "train").prepare_key != packed
    assert after.fit_key != before.fit_key


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


def test_a_folder_counts_by_the_names_and_contents_of_its_files(tmp_path):
    (tmp_path / "deep").mkdir()
    table = tmp_path / "deep" / "table.npy"
    table.write_bytes(b"1")
    found = [keys.files_content([tmp_path])]
    table.write_bytes(b"2")
    found.append(keys.files_content([tmp_path]))
    table.rename(table.with_name("other.npy"))
    found.append(keys.files_content([tmp_path]))
    assert len({str(each) for each in found}) == 3


def test_a_missing_file_is_not_an_error_of_the_key(tmp_path):
    assert keys.files_content([tmp_path / "absent"]) == [""]


def test_paths_among_a_plugins_parameters_count_by_content(plan, tmp_path):
    path, table = tmp_path / "reads.py", tmp_path / "table.npy"
    parameters = (
        "from pathlib import Path\nfrom pydantic import Field\n"
        "class Parameters(Method.Parameters):\n"
        "    table: Path = Field(description='a table')\n"
        "    more: tuple[Path, ...] = Field((), description='tables')\n"
    )
    body = PLUGIN.format(name="reads").replace("@register", parameters + "\n@register")
    path.write_text(body.replace("    info", "    Parameters = Parameters\n    info"))
    load_plugin(path)
    table.write_bytes(b"1")

    def fit_key():
        return plan(f"reads[table={table}]").cells[0].fit_key

    before = fit_key()
    table.write_bytes(b"2")
    assert fit_key() != before
    assert methods.get("reads")(table="a", more=["b", "~/c"]).files == (
        Path("a"), Path("b"), Path("~/c"),
    )  # fmt: skip


def test_other_weights_in_the_same_file_are_another_fit(plan, tmp_path):
    file = tmp_path / "network.pt"

    def fit_key():
        return plan(f"external[file={file}]").cells[0].fit_key

    file.write_bytes(b"weights")
    before = fit_key()
    assert fit_key() == before
    file.write_bytes(b"other weights")
    assert fit_key() != before


def test_a_metrics_data_file_counts_by_content(tmp_path, monkeypatch):
    monkeypatch.setattr(registry.metrics, "_items", registry.metrics.items())
    table = tmp_path / "table.csv"

    @register_metric(name="tabled", direction="lower", source="a test", description="Reads.", files=(table,))
    def tabled(truth, predicted):
        return 0.0

    missing = keys.metrics_source(["tabled"])
    table.write_text("1")
    first = keys.metrics_source(["tabled"])
    table.write_text("2")
    assert len({missing, first, keys.metrics_source(["tabled"])}) == 3
    assert keys.metric_files(["psnr", "tabled"]) == [table]
    with pytest.raises(UserError, match=r"files must be a tuple of paths, not 'table\.csv'"):
        register_metric(name="x", direction="lower", source="a", description="b", files="table.csv")(tabled)


def test_a_workers_plugin_counts_with_the_modules_beside_it(tmp_path):
    plugin, helper = tmp_path / "plug_of_a_worker.py", tmp_path / "helper_of_a_worker.py"
    assert environment._plugin(plugin) == "missing"
    plugin.write_text("import helper_of_a_worker\n")
    helper.write_text("VALUE = 1\n")
    before, path = environment._plugin(plugin), list(sys.path)
    helper.write_text("VALUE = 2\n")
    assert environment._plugin(plugin) != before
    assert sys.path == path


def test_weights_that_appear_in_the_cache_of_the_hub_change_the_key(plan, cached_by_hub):
    method = "resnet34-regression"
    (before,), (unmoved,) = plan(method).cells, plan("gray").cells
    cached_by_hub("resnet34.a1_in1k", b"1")
    (after,) = plan(method).cells
    assert after.key != before.key
    assert after.fit_key != before.fit_key
    assert after.method_given != before.method_given
    assert plan("gray").cells[0].key == unmoved.key
    cached_by_hub("resnet34.a1_in1k", b"2")
    assert plan(method).cells[0].key not in (before.key, after.key)


def test_a_plan_says_which_weights_are_missing(plan, cached_by_hub):
    assert weights_to_get(plan("gray,resnet34-regression,nogan-unet").cells) == ("resnet34", "vgg16_bn")
    cached_by_hub("resnet34.a1_in1k", b"1")
    assert weights_to_get(plan("resnet34-regression").cells) == ()
