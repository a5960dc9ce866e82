"""The page: its parts, and what its buttons do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import gradio as gr

from .... import UserError
from ....datasets.tree import SUFFIXES
from ....reports.text import printable
from ....wording import counted
from ...colorize.variants import variants_of
from ..study.votes import Vote, keep_vote
from .batch import Batch, ColorizedPhoto, Limits, colorize_photos
from .choices import OfferedMethod
from .film_tab import FilmTab
from .parts import HEAVY, HIDDEN, caption, message, progress, time_left, visitor, waiting
from .settings import add_settings, read_settings

MOST_COLUMNS: Final = 6
"""Most columns of the grid: with up to five methods each photo is one row."""

BANNER: Final = (
    "<strong>Colours are guesses, not history.</strong> No method knows the true colour of a coat. "
    "Your photos and films stay on this machine."
)

START: Final = (
    "Drop photos, choose methods, and press Colorize. Then drag the line in the picture to compare."
)

STATIC: Final = Path(__file__).parent / "static"


@dataclass
class Visit:
    """What one visitor has on the page: the answers, the one in the slider, and whether to stop."""

    answers: list[ColorizedPhoto] = field(default_factory=list)
    shown: int = 0
    stopped: bool = False


class Page:
    """The page of ``bench demo``.

    Parameters
    ----------
    choices
        The methods to choose from; the first is chosen at first.
    workspace
        Folder for results.
    limits
        What visitors may ask for.
    votes
        The study's database that keeps favourites; ``None`` if there is no run.
    """

    def __init__(
        self, choices: Sequence[OfferedMethod], workspace: Path, limits: Limits, votes: Path | None
    ) -> None:
        self._choices = {choice.colorist.label: choice for choice in choices}
        self._workspace, self._limits, self._votes = workspace, limits, votes
        self._visits: dict[str, Visit] = {}
        self._films = FilmTab(choices, workspace, limits)

    def build(self) -> Any:
        """Return the page as Gradio's blocks."""
        with gr.Blocks(title="huebench demo", analytics_enabled=False, fill_width=True) as blocks:
            gr.HTML(f"<h1>Colorize photos and films</h1><p class='banner'>{BANNER}</p>")
            with gr.Tabs():
                with gr.Tab("Photos"):
                    self._build_photos()
                with gr.Tab("Film", elem_id="films"):
                    self._films.build()
            blocks.unload(self.leave)
        blocks.queue(max_size=16, api_open=False)
        return blocks

    def _build_photos(self) -> None:
        """Add the tab for photos."""
        rows = [(choice.row, name) for name, choice in self._choices.items()]
        references = any(choice.takes_reference for choice in self._choices.values())
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                photos = gr.File(
                    label=f"Photos (up to {self._limits.photos})", file_count="multiple",
                    file_types=sorted(SUFFIXES), height=160, elem_id="photos",
                )  # fmt: skip
                methods = gr.CheckboxGroup(
                    rows, value=[rows[0][1]], label="Methods, with accuracy and time per photo",
                    elem_id="methods", elem_classes="methods",
                )  # fmt: skip
                settings = add_settings("photo", references=references)
                with gr.Row():
                    start = gr.Button("Colorize", variant="primary", min_width=120)
                    every = gr.Button("All methods", min_width=120, visible=len(rows) > 1)
                    stop = gr.Button("Stop", min_width=80, interactive=False)
            with gr.Column(scale=3, min_width=320):
                status = gr.HTML(message(START), elem_id="status", elem_classes="status")
                slider = gr.ImageSlider(
                    label="Before and after", type="filepath", interactive=False, buttons=["fullscreen"],
                    max_height=640, elem_id="slider", visible=False,
                )  # fmt: skip
                made_by = gr.HTML()
                with gr.Row():
                    archive = gr.DownloadButton("Download all as ZIP", visible=False, elem_id="archive")
                    favourite = gr.Button("Keep as favourite", visible=False)
        grid = gr.Gallery(
            label="All results", show_label=False, columns=4, allow_preview=False,
            interactive=False, buttons=[], object_fit="contain", height="auto", visible=False,
            elem_id="grid",
        )  # fmt: skip
        results = [status, slider, made_by, grid, archive, favourite, start, every, stop]
        asked = [photos, methods, *settings]
        every.click(lambda: list(self._choices), None, [methods], **HIDDEN).then(
            waiting, None, [status], queue=False, **HIDDEN
        ).then(self.colorize, asked, results, **HIDDEN, **HEAVY)
        start.click(waiting, None, [status], queue=False, **HIDDEN).then(
            self.colorize, asked, results, **HIDDEN, **HEAVY
        )
        stop.click(self.stop, None, [stop], **HIDDEN)
        grid.select(self.show, None, [slider, made_by, favourite], **HIDDEN)
        favourite.click(self.vote, None, [favourite], **HIDDEN)

    def colorize(
        self, photos: list[str] | None, names: list[str], size: int, strength: float, reference: str | None,
        request: gr.Request,
    ) -> Iterator[list[Any]]:  # fmt: skip
        """Colorize the photos, and show each answer as soon as it is there.

        Parameters
        ----------
        photos
            Paths of the uploads.
        names
            Labels of the chosen methods.
        size, strength, reference
            See `settings.read_settings`.
        request
            The visitor's request.
        """
        visit = self._visits[visitor(request)] = Visit()
        if not photos:
            yield _refused("Drop a photo first.")
            return
        if not names:
            yield _refused("Choose a method first.")
            return
        chosen = [self._choices[name] for name in names if name in self._choices]
        try:
            settings = read_settings(size, strength, reference)
            variants = variants_of([choice.colorist for choice in chosen], settings, {})
        except UserError as error:
            yield _refused(str(error))
            return
        variants = [replace(variant, folder=variant.folder or variant.method) for variant in variants]
        seen = 0
        for batch in colorize_photos(
            [Path(path) for path in photos], variants, self._workspace, self._limits, lambda: visit.stopped
        ):
            visit.answers = batch.answers
            # Ever fewer updates: each sends the whole grid.
            fresh = len(batch.answers) > 1.2 * seen or not batch.at_work
            yield self._update(batch, visit, fresh=fresh)
            seen = len(batch.answers) if fresh else seen

    def stop(self, request: gr.Request) -> Any:
        """Let the visitor's batch end after the picture that is being made."""
        if visit := self._visits.get(visitor(request)):
            visit.stopped = True
        return gr.Button("Stopping …", interactive=False)

    def show(self, event: gr.SelectData, request: gr.Request) -> list[Any]:
        """Show an answer in the slider."""
        visit = self._visits.get(visitor(request))
        tiles = _tiles(visit.answers) if visit else []
        if visit is None or not isinstance(event.index, int) or event.index >= len(tiles):
            return [gr.skip(), gr.skip(), gr.skip()]
        visit.shown = tiles[event.index][0]
        answer = visit.answers[visit.shown]
        return [_pair(answer), _caption(answer), self._favourite(visit)]

    def vote(self, request: gr.Request) -> Any:
        """Keep the shown answer as the visitor's favourite for its photo."""
        visit = self._visits.get(visitor(request))
        if visit is None or not visit.answers or self._votes is None:
            return gr.skip()
        answer = visit.answers[visit.shown]
        among = tuple(dict.fromkeys(each.variant.method for each in _rivals(visit, answer)))
        vote = Vote(visitor(request), answer.digest, answer.variant.method, answer.variant.text, among)
        try:
            keep_vote(self._votes, vote)
        except UserError as error:
            return gr.Button(str(error), interactive=False)
        return gr.Button(f"Kept: {answer.variant.method}", interactive=False)

    def leave(self, request: gr.Request) -> None:
        """Stop the batch of a visitor who has closed the page, and forget the answers."""
        if visit := self._visits.pop(visitor(request), None):
            visit.stopped = True
        self._films.leave(request)

    def _update(self, batch: Batch, visit: Visit, *, fresh: bool) -> list[Any]:
        """Return the new values of all parts that show results; pictures only if there are new ones."""
        running = bool(batch.at_work)
        buttons = _buttons(running=running)
        status = _progress(batch) if running else _summary(batch)
        archive = gr.DownloadButton(
            value=None if batch.archive is None else str(batch.archive), visible=batch.archive is not None
        )
        if not batch.answers:
            hidden = [gr.ImageSlider(visible=False), "", gr.Gallery(visible=False)]
            return [status, *hidden, archive, gr.Button(visible=False), *buttons]
        answer = visit.answers[visit.shown]
        pictures = [gr.skip(), gr.skip(), gr.skip()]
        if fresh:
            tiles = [(str(path), text) for _, path, text in _tiles(batch.answers)]
            columns = min(1 + len({each.variant.label for each in batch.answers}), MOST_COLUMNS)
            pictures = [gr.skip(), gr.skip(), gr.Gallery(tiles, visible=True, columns=columns)]
            if len(batch.answers) == 1:  # from then on the visitor chooses what the slider shows
                pictures[:2] = [_pair(answer), _caption(answer)]
        return [status, *pictures, archive, self._favourite(visit), *buttons]

    def _favourite(self, visit: Visit) -> Any:
        """Return the button that keeps a favourite; it takes two methods to have one."""
        among = {each.variant.method for each in _rivals(visit, visit.answers[visit.shown])}
        return gr.Button(
            "Keep as favourite", visible=self._votes is not None and len(among) > 1, interactive=True
        )


def make_page(choices: Sequence[OfferedMethod], workspace: Path, limits: Limits, votes: Path | None) -> Any:
    """Return the page as an ASGI application; see `Page`."""
    from fastapi import FastAPI

    blocks = Page(choices, workspace, limits, votes).build()
    grey = gr.themes.colors.neutral
    system = ("system-ui", "DejaVu Sans", "sans-serif")
    theme = gr.themes.Base(
        primary_hue=grey, secondary_hue=grey, neutral_hue=grey, font=system, font_mono=("monospace",)
    ).set(
        body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_300",
        block_info_text_color="*neutral_600", block_info_text_color_dark="*neutral_300",
        block_label_text_color="*neutral_700", block_label_text_color_dark="*neutral_200",
        block_title_text_color="*neutral_700", block_title_text_color_dark="*neutral_200",
        link_text_color="*neutral_800", link_text_color_dark="*neutral_200",
    )  # fmt: skip
    script = (STATIC / "demo.js").read_text(encoding="utf-8")
    return gr.mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None), blocks, "/",
        max_file_size=limits.file_bytes, show_error=False, footer_links=[], run_history=False,
        ssr_mode=False, mcp_server=False, enable_monitoring=False, pwa=False, theme=theme,
        css_paths=[STATIC / "demo.css"], head=f"<script type='module'>{script}</script>",
    )  # fmt: skip


def _rivals(visit: Visit, answer: ColorizedPhoto) -> list[ColorizedPhoto]:
    """Return the answers for the same photo."""
    return [each for each in visit.answers if each.digest == answer.digest]


def _tiles(answers: Sequence[ColorizedPhoto]) -> list[tuple[int, Path, str]]:
    """Return the pictures of the grid, each with its answer's number and a text; originals come first."""
    tiles: list[tuple[int, Path, str]] = []
    for number, answer in enumerate(answers):
        if number == 0 or answer.before != answers[number - 1].before:
            tiles.append((number, answer.before, f"original: {printable(answer.photo)}"))
        tiles.append((number, answer.after, answer.label))
    return tiles


def _pair(answer: ColorizedPhoto) -> Any:
    return gr.ImageSlider((str(answer.before), str(answer.after)), visible=True)


def _caption(answer: ColorizedPhoto) -> str:
    return caption(answer.label, answer.seconds, answer.warnings)


def _buttons(*, running: bool) -> list[Any]:
    return [
        gr.Button(interactive=not running),
        gr.Button(interactive=not running),
        gr.Button("Stop", interactive=running),
    ]


def _refused(text: str) -> list[Any]:
    """Return the values of all parts for a message alone."""
    return [message(text), *[gr.skip()] * 5, *_buttons(running=False)]


def _progress(batch: Batch) -> str:
    done = len(batch.answers)
    text = f"{done} of {counted(batch.total, 'picture')}{time_left(batch.left)}: {batch.at_work}"
    return progress(text, done, batch.total)


def _summary(batch: Batch) -> str:
    made = f"{counted(len(batch.answers), 'picture')} made." if batch.answers else "Nothing was colorized."
    return message(made, *batch.problems)
