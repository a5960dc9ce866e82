"""The tab for films: its parts, and what its buttons do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import gradio as gr

from .... import UserError
from ....datasets.films import SUFFIXES, require_films
from ...colorize.film import smoothed
from ...colorize.variants import variants_of
from .batch import Limits
from .choices import OfferedMethod
from .film import FilmState, colorize_clip
from .parts import HEAVY, HIDDEN, caption, message, progress, time_left, visitor, waiting
from .settings import add_settings, read_settings

START: Final = "Drop a short film, choose a method, and press Colorize film."


class FilmTab:
    """The tab where visitors colorize a film.

    Parameters
    ----------
    choices
        The methods to choose from; the first is chosen at first.
    workspace
        Folder for results.
    limits
        What visitors may ask for.
    """

    def __init__(self, choices: Sequence[OfferedMethod], workspace: Path, limits: Limits) -> None:
        self._choices = {choice.colorist.label: choice for choice in choices}
        self._workspace, self._limits = workspace, limits
        self._stopped: dict[str, bool] = {}

    def build(self) -> None:
        """Add the parts to Gradio's blocks; without the extra ``video``, what to install."""
        try:
            require_films()
        except UserError as error:
            gr.HTML(message(str(error)), elem_id="no-films")
            return
        rows = [(choice.row, name) for name, choice in self._choices.items()]
        references = any(choice.takes_reference for choice in self._choices.values())
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                film = gr.File(
                    label=f"Film (up to {self._limits.film_seconds:g} s of "
                    f"{self._limits.film_pixels / 1e6:,.3g} megapixels)",
                    file_types=sorted(SUFFIXES), height=160, elem_id="film",
                )  # fmt: skip
                method = gr.Radio(
                    rows, value=rows[0][1], label="Method, with accuracy and time per photo",
                    elem_id="film-method", elem_classes="methods",
                )  # fmt: skip
                smooth = gr.Checkbox(
                    label="Smooth", info="Averages each frame's colours with those before it: less flicker.",
                    elem_id="smooth",
                )  # fmt: skip
                settings = add_settings("film", references=references)
                with gr.Row():
                    start = gr.Button("Colorize film", variant="primary", min_width=120)
                    stop = gr.Button("Stop", min_width=80, interactive=False)
            with gr.Column(scale=3, min_width=320):
                status = gr.HTML(message(START), elem_id="film-status", elem_classes="status")
                player = gr.Video(
                    label="Before and after", show_label=False, interactive=False, buttons=[], loop=True,
                    visible=False, elem_id="player",
                )  # fmt: skip
                made_by = gr.HTML()
                download = gr.DownloadButton("Download the film", visible=False, elem_id="film-download")
        results = [status, player, made_by, download, start, stop]
        start.click(waiting, None, [status], queue=False, **HIDDEN).then(
            self.colorize, [film, method, smooth, *settings], results, **HIDDEN, **HEAVY
        )
        stop.click(self.stop, None, [stop], **HIDDEN)

    def colorize(
        self, film: str | None, name: str | None, smooth: bool, size: int, strength: float,
        reference: str | None, request: gr.Request,
    ) -> Iterator[list[Any]]:  # fmt: skip
        """Colorize the film, and show how far it is.

        Parameters
        ----------
        film
            Path of the upload.
        name
            Label of the chosen method.
        smooth
            Whether colours are averaged over frames.
        size, strength, reference
            See `settings.read_settings`.
        request
            The visitor's request.
        """
        who = visitor(request)
        self._stopped[who] = False
        if not film or name not in self._choices:
            yield _ended(message("Choose a method first." if film else "Drop a film first."))
            return
        colorist = self._choices[name].colorist
        try:
            settings = read_settings(size, strength, reference)
            (variant,) = variants_of([smoothed(colorist) if smooth else colorist], settings, {})
        except UserError as error:
            yield _ended(message(str(error)))
            return
        for state in colorize_clip(
            Path(film), variant, self._workspace, self._limits, lambda: self._stopped.get(who, True)
        ):
            yield _update(state)

    def stop(self, request: gr.Request) -> Any:
        """Let the visitor's film end after the frame that is being made."""
        self._stopped[visitor(request)] = True
        return gr.Button("Stopping …", interactive=False)

    def leave(self, request: gr.Request) -> None:
        """Stop the film of a visitor who has closed the page."""
        self._stopped.pop(visitor(request), None)


def _update(state: FilmState) -> list[Any]:
    """Return the new values of all parts."""
    if state.problem:
        return _ended(message(state.problem))
    if state.answer is None:
        text = f"{state.reached:.1f} of {state.length:.1f} s{time_left(state.left)}: {state.label}"
        shown = progress(text, state.reached, state.length or 1)
        return [shown, *_no_film(), gr.Button(interactive=False), gr.Button("Stop", interactive=True)]
    answer = state.answer
    before, after = answer.places
    return [
        message(f"The film is made. Before is {before}, after is {after}; the player has no sound."),
        gr.Video(str(answer.pair), visible=True),
        caption(state.label, answer.seconds, answer.notes),
        gr.DownloadButton(value=str(answer.film), visible=True),
        *_buttons(),
    ]


def _ended(text: str) -> list[Any]:
    """Return the values of all parts for a message alone."""
    return [text, *_no_film(), *_buttons()]


def _no_film() -> list[Any]:
    return [gr.Video(None, visible=False), "", gr.DownloadButton(visible=False)]


def _buttons() -> list[Any]:
    return [gr.Button(interactive=True), gr.Button("Stop", interactive=False)]
