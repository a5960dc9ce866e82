"""Every command and every Python block of the README and the guides works.

A block runs as it stands, in the order of its document, unless a comment above it says otherwise:
``<!-- run with OPTIONS -->`` adds options to its ``bench run`` commands, ``<!-- run slowly with OPTIONS -->``
does so among the slow tests, and ``<!-- not run: REASON -->`` has its commands parsed only.
"""

import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

import huebench
from huebench.bench.cli import app
from huebench.bench.metrics import resolve
from huebench.datasets.spec import dataset_info
from huebench.methods.spec import parse_specs
from huebench.plugins import load_plugin

ROOT = Path(huebench.__file__).parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(
    r"(?:Save this as `(?P<file>[\w.]+)`:\n+)?(?:<!-- (?P<mark>[^>]*?) -->\n)?"
    r"^```(?P<language>console|python)\n(?P<text>.*?)^```",
    re.DOTALL | re.MULTILINE,
)
MARK = re.compile(r"(?P<how>run|run slowly) with (?P<options>--.+)|not run: .+")


@dataclass(frozen=True)
class Block:
    language: str
    file: str
    mark: str
    text: str

    @property
    def how(self):
        assert not self.mark or MARK.fullmatch(self.mark), f"unknown mark '{self.mark}'"
        return re.match(r"run slowly|run|not run", self.mark or "run")[0]

    @property
    def commands(self):
        lines = self.text.replace("\\\n", " ").splitlines() if self.language == "console" else []
        found = [
            shlex.split(line.removeprefix("$ "), comments=True) for line in lines if line.startswith("$ ")
        ]
        return [words for words in found if words]

    @property
    def options(self):
        match = MARK.fullmatch(self.mark)
        return shlex.split(match["options"]) if match and match["options"] else []


def blocks(document):
    text = document.read_text()
    return [Block(**{key: value or "" for key, value in m.groupdict().items()}) for m in BLOCK.finditer(text)]


def named(document):
    return str(document.relative_to(ROOT))


COMMANDS = [
    pytest.param(document, words, id=f"{named(document)}: {shlex.join(words)}")
    for document in DOCUMENTS
    for block in blocks(document)
    for words in block.commands
]


def test_every_fence_is_found():
    fences = sum(len(re.findall(r"^```(?:console|python)$", d.read_text(), re.MULTILINE)) for d in DOCUMENTS)
    assert sum(len(blocks(document)) for document in DOCUMENTS) == fences
    assert len(COMMANDS) > 20


@pytest.mark.parametrize(("document", "words"), COMMANDS)
def test_a_command_can_be_read_by_the_program_that_it_names(document, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program, *arguments = words
    if program == "bench":
        for block in blocks(document):
            if block.file:
                (tmp_path / block.file).write_text(block.text)
        check_bench(arguments)
    elif program == "make":
        subprocess.run(["make", "--dry-run", *arguments], cwd=ROOT, check=True, capture_output=True)
    elif program == "source":
        assert arguments == [".venv/bin/activate"]
    elif program == "docker":
        assert arguments[0] in ("build", "run")
        if arguments[0] == "run":
            check_bench(arguments[arguments.index("huebench") + 1 :])
    elif program == "pip":
        action, what = arguments
        assert (action, what[0]) == ("install", ".")
        known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        assert set(re.findall(r"\w+", what)) <= set(known)
    else:
        assert program == "dask", f"say in this test how to check '{program}'"
        assert shutil.which("dask", path=Path(sys.executable).parent)


def check_bench(arguments):
    """Parse as the command line does, then look up methods, datasets and metrics, without running."""
    command, parent = typer.main.get_command(app), None
    while hasattr(command, "commands"):
        parent = command.make_context(command.name, [], parent=parent, resilient_parsing=True)
        command = command.commands[arguments[0]]
        arguments = arguments[1:]
    given = command.make_context(command.name, list(arguments), parent=parent).params
    for plugin in given.get("plugin") or given.get("plugins") or ():
        load_plugin(plugin)
    if command.name == "run":
        parse_specs(given["methods"], rows=True)
        dataset_info(given["dataset"])
    if given.get("metrics"):
        resolve(given["metrics"].split(","))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_a_document_runs(document, workplace, bench):
    for block in blocks(document):
        if block.how == "run" or block.file:
            execute(block, workplace, bench)


@pytest.mark.slow
@pytest.mark.parametrize(
    "document", [d for d in DOCUMENTS if any(b.how == "run slowly" for b in blocks(d))], ids=named
)
def test_a_document_runs_with_its_slow_commands(document, workplace, bench):
    for block in blocks(document):
        if block.how != "not run":
            execute(block, workplace, bench)


def execute(block, workplace, bench):
    if block.file:
        (workplace / block.file).write_text(block.text)
    elif block.language == "python":
        exec(block.text, {"__name__": "__main__"})  # noqa: S102  # ours
    for program, *arguments in block.commands:
        if program != "bench":
            continue  # `make` would run this very test; the others are looked up above
        if arguments[0] == "study" and "--results" not in arguments:
            serve(arguments)
            continue
        more = block.options if arguments[0] == "run" else []
        code, output = bench(*arguments, *more)
        assert code == 0, output


def serve(arguments):
    """Run ``bench study``, which does not end by itself: look at the page, then press Ctrl-C."""
    command = [sys.executable, "-m", "huebench.bench", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines = iter(process.stdout.readline, "")
        address = next(match[1] for line in lines if (match := re.search(r"study: (\S+)", line)))
        with urllib.request.urlopen(address) as page:  # noqa: S310  # loopback
            assert b"Which photo is real?" in page.read()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
