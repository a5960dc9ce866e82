"""The web page of a study: its routes and their responses."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, jsonify, render_template, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..hosts import is_loopback
from .answers import Answers
from .trials import SIDES, Pair, Side, Trial, draw_trials

COOKIE = "participant"

LARGEST = 1 << 12
"""Size limit of an answer, in bytes."""

POLICY = (
    "default-src 'self'",
    "img-src 'self' data:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
)

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "; ".join(POLICY),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def make_app(page: Page, host: str) -> Flask:
    """Return a study as a WSGI application; on a loopback address it accepts only local host names."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST
    local = is_loopback(host)

    def refuse_others() -> None:
        # Somebody else's host name may be made to point here (DNS rebinding).
        if local and not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
            abort(400)
        origin = request.headers.get("Origin")
        if request.method == "POST" and origin is not None and urlsplit(origin).netloc != request.host:
            abort(403)

    app.before_request(refuse_others)
    app.add_url_rule("/", view_func=page.index)
    app.add_url_rule("/state", view_func=page.state)
    app.add_url_rule("/participants", view_func=page.add_participant, methods=["POST"])
    app.add_url_rule("/trials/<int:number>/<side>", view_func=page.picture)
    app.add_url_rule("/trials/<int:number>", view_func=page.answer, methods=["POST"])
    app.after_request(_guarded)
    return app


class TrialAnswer(BaseModel):
    """The page's answer to a trial; times in seconds, as the page measured them."""

    model_config = ConfigDict(strict=True, extra="forbid")

    answer: Side
    seconds: float = Field(ge=0, allow_inf_nan=False)
    shown: float = Field(ge=0, allow_inf_nan=False)


@dataclass(frozen=True)
class Page:
    """The page of a study: the pictures it may show, and its responses.

    A participant is a random id in a cookie. Except in practice, the browser never learns which photo is
    real, before or after a trial: URLs and headers are the same for both.
    """

    folder: Path  #: The run folder; nothing outside of it is served
    pairs: list[Pair]  #: Pairs that may be shown
    answers: Answers  #: Stores the answers
    #: `practice`, `trials`: Number of each per participant.
    practice: int
    trials: int
    duels: list[Pair] = field(default_factory=list)  #: Pairs of two methods for the trials, if any

    def index(self) -> str:
        """Return the HTML page."""
        return render_template("study.html.j2", exposure=self.answers.exposure, duels=bool(self.duels))

    def add_participant(self) -> Response:
        """Add a new participant and draw the trials."""
        participant = secrets.token_hex(16)
        trials = draw_trials(self.pairs, participant, self.practice, self.trials, self.duels)
        self.answers.add(participant, trials)
        response = jsonify(self._state(participant, trials))
        response.set_cookie(COOKIE, participant, httponly=True, samesite="Strict")
        return response

    def state(self) -> Response:
        """Return the participant's state; empty for a new participant."""
        participant = request.cookies.get(COOKIE, "")
        trials = self.answers.trials(participant)
        return jsonify(self._state(participant, trials) if trials else None)

    def picture(self, number: int, side: str) -> Response:
        """Return a picture of the next trial as PNG; 404 for any other."""
        participant, trials = self._participant()
        given = len(self.answers.given(participant))
        if side not in SIDES or number != given + 1 or number > len(trials):
            abort(404)
        trial = trials[given]
        name = trial.pair.real if side == trial.real_side else trial.pair.colorized
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()) or not path.is_file():
            abort(404)
        return Response(path.read_bytes(), mimetype="image/png")

    def answer(self, number: int) -> Response:
        """Store an answer to the next trial; 409 for any other trial."""
        participant, trials = self._participant()
        try:
            said = TrialAnswer.model_validate(request.get_json())
        except ValidationError:
            abort(400)
        if number > len(trials):
            abort(404)
        if not self.answers.keep(participant, number, said.answer, said.seconds, said.shown):
            abort(409)
        trial = trials[number - 1]
        feedback = {"correct": said.answer == trial.real_side} if trial.practice else {}
        return jsonify(self._state(participant, trials) | feedback)

    def _participant(self) -> tuple[str, list[Trial]]:
        participant = request.cookies.get(COOKIE, "")
        trials = self.answers.trials(participant)
        if not trials:
            abort(401)
        return participant, trials

    def _state(self, participant: str, trials: list[Trial]) -> dict[str, Any]:
        """Return the next trial, or the participant's result at the end."""
        given = self.answers.given(participant)
        practice = sum(trial.practice for trial in trials)
        state: dict[str, Any] = {"practice": practice, "trials": len(trials) - practice}
        if len(given) < len(trials):
            return state | {"next": len(given) + 1}
        if trials[-1].pair.other:
            return state | {"next": None, "fooled": None}  # nobody is fooled in a duel
        both = zip(given, trials, strict=True)
        fooled = sum(answer != trial.real_side for answer, trial in both if not trial.practice)
        return state | {"next": None, "fooled": fooled}


def _guarded(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response
