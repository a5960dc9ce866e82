"""A run with kept pictures, each of one colour: red is real, every method has a colour of its own."""

import io
import sqlite3
from contextlib import closing

import pandas as pd
import pytest
from PIL import Image

from huebench.bench.web.study.answers import Answers
from huebench.bench.web.study.page import Page, make_app
from huebench.bench.web.study.trials import find_pairs
from huebench.reports.tables import (
    CELL_COLUMNS,
    CURVE_COLUMNS,
    IMAGE_COLUMNS,
    MetricFacts,
    Results,
    RunFacts,
    typed,
    write_results,
)

RED = (200, 0, 0)
PSNR = MetricFacts("psnr", "PSNR", "dB", "higher", "how near", "a test", "mean", ("psnr",))
METHODS = {"gray": "baseline", "knn": "classical", "net[epochs=2,width=3]": "deep", "oracle": "baseline"}
NEAR_GREY = 2
"""Number of photos, from the first on, that are near-grey."""


def keep(path, colour):
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), colour).save(path)


@pytest.fixture
def make_run(tmp_path):
    """Write a run folder with some photos and return its results."""

    def make(photos=12, seeds=(0,), kept=True):
        folder = tmp_path / "run"
        cells, images = [], []
        for shade, (method, family) in enumerate(METHODS.items()):
            for seed in seeds:
                cell = f"{shade}-{seed}"
                facts = {"cell": cell, "method": method, "seed": seed}
                cells.append(
                    facts
                    | {"name": method.partition("[")[0], "family": family, "oracle": method == "oracle"}
                    | {"status": "ok", "expected": photos, "scored": photos}
                )
                for i in range(photos):
                    paths = {
                        "picture": f"pictures/{cell}.png",
                        "truth_picture": f"pictures/truth/{i}.png",
                    }
                    keep(folder / paths["picture"], (0, 50 * shade, 200))
                    keep(folder / paths["truth_picture"], RED)
                    images.append(
                        facts
                        | {"photo": f"im{i}", "status": "ok", "near_grey": i < NEAR_GREY, "psnr": 20.0 + i}
                        | (paths if kept else {})
                    )
        run = RunFacts(
            command="bench run", started="", seconds=1.0, dataset={"name": "made", "caveat": ""},
            protocol={"size": 32}, protocol_digest="d", metrics=(PSNR,), versions={}, machine={},
            options={"split": "test", "budget": "smoke"},
        )  # fmt: skip
        results = Results(
            run,
            typed(pd.DataFrame(cells), CELL_COLUMNS),
            typed(pd.DataFrame(images), IMAGE_COLUMNS),
            typed(pd.DataFrame(columns=["cell"]), CURVE_COLUMNS),
            folder=folder,
        )
        write_results(results, folder)
        return results

    return make


class Participant:
    """Somebody with a browser of their own."""

    def __init__(self, app):
        self.http = app.test_client()

    @property
    def id(self):
        return self.http.get_cookie("participant").value

    def start(self):
        self.state = self.http.post("/participants").get_json()
        return self

    def colour(self, side):
        response = self.http.get(f"/trials/{self.state['next']}/{side}")
        assert response.mimetype == "image/png"
        return Image.open(io.BytesIO(response.data)).getpixel((0, 0))

    def real_side(self):
        return "left" if self.colour("left") == RED else "right"

    def say(self, answer, number=None, seconds=0.5, shown=1.0, **more):
        content = {"answer": answer, "seconds": seconds, "shown": shown, **more}
        return self.http.post(f"/trials/{self.state['next'] if number is None else number}", json=content)

    def answer(self, *, fooled):
        real = self.real_side()
        other = "right" if real == "left" else "left"
        self.state = self.say(other if fooled else real).get_json()
        return self.state


@pytest.fixture
def make_app_of():
    """Make the application of a run's study."""

    def make(results, practice=2, trials=4, exposure=1.0, methods=None, host="127.0.0.1"):
        answers = Answers(results.folder / "study.sqlite", exposure)
        return make_app(Page(results.folder, find_pairs(results, methods), answers, practice, trials), host)

    return make


@pytest.fixture
def join():
    """Let somebody with a browser of their own come to the page."""
    return Participant


@pytest.fixture
def participant(make_run, make_app_of):
    """Somebody who has started, and has two practice trials and four that count before them."""
    return Participant(make_app_of(make_run())).start()


@pytest.fixture
def read_table():
    """Return a table or view of a run's answers as the file holds it."""

    def read(results, name):
        with closing(sqlite3.connect(results.folder / "study.sqlite")) as database:
            return pd.read_sql(f"SELECT * FROM {name}", database)  # noqa: S608  # a test's own word

    return read
