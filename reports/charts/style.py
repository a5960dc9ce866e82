"""The common style of all charts, applied without changing Matplotlib's global state."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

TILES_A_LINE = 6

STYLE: dict[str, Any] = {
    "figure.dpi": 110,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
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
    """Return a figure as a ``png`` or ``jpg`` file without metadata: the same bytes each time."""
    options: dict[str, Any] = {"metadata": {"Software": None}}
    if kind == "jpg":
        options = {"pil_kwargs": {"quality": 90, "subsampling": 0}}
    made = io.BytesIO()
    with style():
        figure.savefig(made, format=kind, **options)
    return made.getvalue()
