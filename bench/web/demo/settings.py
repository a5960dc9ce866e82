"""The settings that the tabs offer: size, strength and a reference photo."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import gradio as gr

from .... import UserError
from ....datasets.base import PhotoError
from ....datasets.decode import decode
from ....datasets.tree import SUFFIXES
from ...colorize.settings import Settings

SIZES: Final = (128, 192, 256, 384, 512)
"""Sides in pixels that the page offers."""

STRONGEST: Final = 1.5
"""Largest factor of the predicted chroma."""


def add_settings(what: str, *, references: bool) -> list[Any]:
    """Add the settings to Gradio's blocks, folded, and return the inputs of `read_settings`.

    Parameters
    ----------
    what
        What is colorized: ``photo`` or ``film``.
    references
        Whether a method takes a reference photo.
    """
    with gr.Accordion("Settings", open=False):
        size = gr.Dropdown(
            [("the method's own", 0), *((f"{side} pixels", side) for side in SIZES)],
            value=0, filterable=False, label="Size", elem_id=f"{what}-size",
            info=f"Shorter side of what the method sees. The result keeps the {what}'s size.",
        )  # fmt: skip
        strength = gr.Slider(
            0, STRONGEST, 1.0, step=0.05, label="Strength", info="0 is grey, 1 as predicted.", buttons=[],
            elem_id=f"{what}-strength",
        )  # fmt: skip
        reference = gr.File(
            label="Reference photo in colour", file_types=sorted(SUFFIXES), height=160, visible=references,
            elem_id=f"{what}-reference",
        )  # fmt: skip
    return [size, strength, reference]


def read_settings(size: int, strength: float, reference: str | None) -> Settings:
    """Return the settings that a visitor has chosen.

    Parameters
    ----------
    size
        Side in pixels that the methods see; 0 for their own.
    strength
        Factor of the predicted chroma.
    reference
        Path of the reference photo.

    Raises
    ------
    UserError
        If the reference cannot be read, or the size is not possible.
    """
    try:
        given = None if reference is None else decode(Path(reference))
    except PhotoError as error:
        raise UserError(f"The reference cannot be read: {error}") from error
    return Settings(size=size or None, strength=min(max(strength, 0.0), STRONGEST), reference=given)
