"""The common style of all charts, applied without changing Matplotlib's global state.

Matplotlib draws every chart once, for the page as SVG and for all else as PNG: Vega and Plotly would add
megabytes of script to every page. In the page, the colours of `COLORS` follow its light or dark theme.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

TILES_A_LINE = 6

INK, FAINT, LINE, GROUND = "#1b1f24", "#57606a", "#d0d7de", "#fffffe"
"""The colours of text, of axes and minor lines, of grids, and behind everything."""

BLUE, VERMILION, GREEN, PURPLE, GOLD = "#0072b2", "#d55e00", "#009e73", "#b8558d", "#b37a00"
"""Colours of data, told apart by colour-blind readers (after Okabe and Ito)."""

GREY, BAND, BOX = "#a0a6ad", "#f7efb5", "#9fc9e4"
"""The colours of lines that are not named, of a reference band, and of boxes."""

COLORS = {
    INK: "ink", FAINT: "faint", LINE: "line", GROUND: "ground", BLUE: "blue", VERMILION: "vermilion",
    GREEN: "green", PURPLE: "purple", GOLD: "gold", GREY: "grey", BAND: "band", BOX: "box",
}  # fmt: skip
"""Colour → the page's variable for it."""

METHOD = "method:"
"""Prefix of the group id of what shows one method; the page highlights and hides it."""

STYLE: dict[str, Any] = {
    "figure.dpi": 110,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": LINE,
    "text.color": INK,
    "text.parse_math": False,  # a name may hold dollar signs
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "svg.fonttype": "none",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw with Matplotlib's own defaults and `STYLE`, regardless of the user's settings.

    Matplotlib's warnings are about looks, such as a missing glyph, which users cannot fix.
    """
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)  # type: ignore[arg-type]  # the names are literals to the type checker
        yield


def encode(figure: Figure, kind: str = "png") -> bytes:
    """Return a figure as a ``png``, ``jpg``, ``pdf`` or ``svg`` file: the same bytes each time."""
    options: dict[str, dict[str, Any]] = {
        "png": {"metadata": {"Software": None}},
        "jpg": {"pil_kwargs": {"quality": 90, "subsampling": 0}},
        "pdf": {"metadata": {"CreationDate": None}},
        "svg": {"metadata": {"Date": None}},
    }
    made = io.BytesIO()
    with style():
        mpl.rcParams["svg.hashsalt"] = "huebench"
        _lay_out(figure)
        figure.savefig(made, format=kind, **options[kind])
    return made.getvalue()


def inline_svg(figure: Figure, name: str) -> str:
    """Return a figure as an ``svg`` element for a page, in the page's own colours.

    What shows one method has its label as ``data-series``.

    Parameters
    ----------
    figure
        The figure; artists that show one method have `METHOD` and its label as their group id.
    name
        Name of the figure, unique on the page: it makes the ids unique.
    """
    made = io.StringIO()
    with style():
        mpl.rcParams["svg.hashsalt"] = name
        _lay_out(figure)
        figure.savefig(made, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = made.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r' (?:width|height)="[\d.]+pt"', "", text, count=2)  # as wide as the page gives it
    for color, variable in COLORS.items():
        text = text.replace(color, f"var(--{variable})")
    text = text.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")  # Verdana is as wide
    text = re.sub(rf' id="{METHOD}([^"]*)"', r' data-series="\1"', text)
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', text))
    return re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", text)


def _lay_out(figure: Figure) -> None:
    """Lay a figure out for good: a layout takes longer than the drawing, and every saving would repeat it."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)
