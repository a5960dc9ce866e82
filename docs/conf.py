"""Sphinx: guides in Markdown, the reference from the docstrings."""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import huebench
from huebench.reports.leaderboard import write_leaderboard
from huebench.reports.tables import read_results

project = "huebench"
author = "The huebench developers"
version = release = huebench.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
suppress_warnings = ["ref.python"]  # a name may be used in two modules; such a link leads to one of them

html_theme = "furo"
html_title = f"huebench {version}"
html_copy_source = False
html_show_copyright = False
myst_heading_anchors = 3

default_role = "py:obj"  # `Name` in a docstring is a link where there is such a thing, else code
add_module_names = False
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_attr_annotations = False  # the signature has them
napoleon_use_ivar = True

for page in (Path(__file__).parent / "_reference").glob(
    "*.rst"
):  # autosummary leaves those of modules that went
    place = Path(huebench.__file__).parent.joinpath(*page.stem.split(".")[1:])
    if not place.is_dir() and not place.with_suffix(".py").is_file():
        page.unlink()


def as_written(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Escape what our docstrings mean literally: ``|x|``, a literal followed by ², (2) at a line's start."""
    for i, line in enumerate(lines):
        escaped = re.sub(r"\|(?=\S)([^|`]*[^|`\s])\|", r"\\|\1\\|", line)
        escaped = escaped.replace("``²", "``\\ ²")
        lines[i] = re.sub(r"^(\s*)(?=\(\d\) )", r"\1\\", escaped)


def publish_results(app: Sphinx, error: Exception | None) -> None:
    """Write the leaderboard of the committed results beside the pages."""
    if error is None and app.builder.format == "html":
        folders = sorted(path.parent for path in Path(app.srcdir, "results").glob("*/run.json"))
        write_leaderboard([read_results(folder) for folder in folders], Path(app.outdir, "leaderboard"))


def setup(app: Sphinx) -> None:
    """Connect `as_written` and `publish_results`."""
    app.connect("autodoc-process-docstring", as_written)
    app.connect("build-finished", publish_results)
