"""The same starting state for every test, whatever other tests have imported or registered."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from huebench.bench import cli
from huebench.bench.metrics import registry
from huebench.datasets.base import datasets
from huebench.methods.base import methods


@pytest.fixture(autouse=True)
def registries_as_they_were(monkeypatch):
    for plugins in (datasets, methods, registry.metrics):
        monkeypatch.setattr(plugins, "_items", plugins.items())


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_session(tmp_path_factory):
    """Keep caches where neither the user's nor those of tests beside these are read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUEBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        yield


@pytest.fixture(autouse=True)
def torch_hub_without_weights(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path_factory.getbasetemp() / "torch"))


@pytest.fixture(autouse=True)
def cache_of_the_hub(monkeypatch, tmp_path_factory):
    """An empty cache of the Hugging Face hub, in this process and in those that it starts."""
    folder = tmp_path_factory.getbasetemp() / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(folder))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))


@pytest.fixture
def cached_by_hub(monkeypatch, tmp_path):
    """Return a function that puts weights of timm where the hub's client keeps them, and returns the path."""
    cache = tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))

    def put(tag: str, content: bytes) -> Path:
        folder, commit = cache / f"models--timm--{tag}", "1" * 40
        blob = folder / "blobs" / hashlib.sha256(content).hexdigest()
        path = folder / "snapshots" / commit / "model.safetensors"
        for each in (blob, path, folder / "refs" / "main"):
            each.parent.mkdir(parents=True, exist_ok=True)
        (folder / "refs" / "main").write_text(commit)
        blob.write_bytes(content)
        path.unlink(missing_ok=True)
        path.symlink_to(Path("../../blobs") / blob.name)
        return path

    return put


@pytest.fixture(autouse=True)
def numbers_printed_as_usual():
    # Importing colour-science switches NumPy to printing 12 digits.
    with np.printoptions(legacy=False):
        yield


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: Any, capfd: Any) -> Callable[..., tuple[int, str]]:
    """Run ``bench`` with some arguments in an empty folder; return exit code and output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["bench", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        printed = capfd.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start a headless Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="needs the extra 'dev'")
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium on the path")
    with api.sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=executable, args=options)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open an address; return the page and the list that its errors go to."""
    contexts = []

    def visit(address: str, **options: Any) -> tuple[Any, list[str]]:
        contexts.append(chromium.new_context(**options))
        page, problems = contexts[-1].new_page(), []
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address)
        return page, problems

    yield visit
    for context in contexts:
        context.close()


FINISH_TRANSITIONS = """() => Promise.all(
    document.getAnimations()
        .filter((one) => one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity)
        .map((one) => one.finished.catch(() => null))
)"""
"""Half-faded text has too little contrast; animations without an end, such as spinners, are let be."""


@pytest.fixture
def accessibility_faults() -> Callable[[Any], list[str]]:
    """Return the serious faults that axe-core finds on a page once its transitions are over, with places."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extra 'dev'")

    def find(page: Any) -> list[str]:
        page.evaluate(FINISH_TRANSITIONS)
        found = axe.Axe().run(page).response["violations"]
        return [
            f"{fault['id']}: {node['html']}: {node['failureSummary']}"
            for fault in found
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]

    return find
