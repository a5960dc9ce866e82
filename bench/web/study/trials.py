"""Draws a participant's trials: the pairs, their order, and the side of the real photo."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from .... import UserError
from ....reports.analysis.preferences import disputes
from ....reports.analysis.summary import summarize
from ....reports.tables import Results
from ....wording import counted

Side = Literal["left", "right"]

SIDES: tuple[Side, Side] = ("left", "right")


@dataclass(frozen=True)
class Pair:
    """A photo and a method's colorization: keys, and the paths of both pictures in the run folder.

    In a duel, ``real`` is the picture of an ``other`` method instead of the photo.
    """

    cell: str
    method: str
    photo: str
    colorized: str
    real: str
    other: str = ""
    other_cell: str = ""

    @property
    def shown(self) -> str:
        """What is shown beside the truth, or in a duel both methods, for counting."""
        return f"{self.method} {self.other}" if self.other else self.method


@dataclass(frozen=True)
class Trial:
    """One question: its ``number`` from 1, whether it is ``practice``, and the side of the real photo."""

    number: int
    practice: bool
    pair: Pair
    real_side: Side


def find_pairs(results: Results, methods: str | None = None) -> list[Pair]:
    """Return every pair whose pictures a run kept.

    Near-grey photos are left out: there is no difference to see.

    Parameters
    ----------
    results
        The run.
    methods
        Families, names or labels of its methods, comma-separated; ``None`` for all but the oracles.

    Raises
    ------
    UserError
        If one of the methods is not in the run, or the run kept too few pictures.
    """
    cells = results.cells[results.cells["method"].isin(_chosen(results.cells, methods))]
    images = results.images[results.images["cell"].isin(cells["cell"])]
    images = images[images["picture"].notna() & images["truth_picture"].notna()]
    images = images[~images["near_grey"].fillna(value=False).astype(bool)]
    if images["photo"].nunique() < 2:
        kept = counted(images["photo"].nunique(), "photo")
        raise UserError(
            f"'{results.folder}' has pictures by these methods of {kept} that are "
            "not near-grey; a study needs at least two, one for practice: run the benchmark with "
            "--keep-predictions gallery (or all) and more photos"
        )
    columns = ["cell", "method", "photo", "picture", "truth_picture"]
    rows = images.sort_values(["photo", "method", "seed"])[columns].astype(str)
    return [Pair(*row) for row in rows.itertuples(index=False)]


def find_duels(results: Results, pairs: list[Pair]) -> list[Pair]:
    """Return pairs of two methods' pictures of one photo, about which the run's metrics disagree most.

    Of each two methods, the half of the photos with the largest dispute is taken; see
    `huebench.reports.analysis.preferences.disputes`.

    Parameters
    ----------
    results
        The run.
    pairs
        From `find_pairs`: the methods and photos to show.

    Raises
    ------
    UserError
        If there are fewer than two methods.
    """
    labels = sorted({pair.method for pair in pairs})
    if len(labels) < 2:
        raise UserError(f"--duels compares methods with one another, but there is only {labels[0]}: name two")
    first: dict[tuple[str, str], Pair] = {}
    for pair in pairs:  # of several seeds the first
        first.setdefault((pair.photo, pair.method), pair)
    found = disputes(summarize(results), labels)
    duels = []
    for names, table in found.groupby(["a", "b"]):
        a, b = map(str, names)
        ranked = table.sort_values(["dispute", "photo"], ascending=[False, True])["photo"]
        shared = [photo for photo in ranked if {(photo, a), (photo, b)} <= first.keys()]
        for photo in shared[: (len(shared) + 1) // 2]:
            one, other = first[photo, a], first[photo, b]
            real, cell = other.colorized, other.cell
            duels.append(Pair(one.cell, a, photo, one.colorized, real, other.method, cell))
    return sorted(duels, key=lambda duel: (duel.photo, duel.shown))


def draw_trials(
    pairs: list[Pair], participant: str, practice: int, trials: int, duels: Sequence[Pair] = ()
) -> list[Trial]:
    """Draw a participant's trials; the same participant always has the same ones.

    No photo is shown twice, because participants would recognize the real one. Methods appear equally
    often, and so do sides. With too few photos, practice and trials shrink in proportion.

    Parameters
    ----------
    pairs
        The pairs to draw from.
    participant
        The participant's random id, which seeds the draw.
    practice, trials
        Number of each; practice comes first.
    duels
        Pairs of two methods to draw the trials from, and only practice from ``pairs``.
    """
    rng = np.random.default_rng(list(participant.encode()))
    photos = sorted({pair.photo for pair in pairs})
    share = min(1.0, len(photos) / (practice + trials))
    practice = min(max(1, round(practice * share)), len(photos) - 1)
    trials = min(trials, len(photos) - practice)
    shuffled = list(map(str, rng.permutation(photos)))
    if duels:
        disputed = {duel.photo for duel in duels}
        shuffled.sort(key=lambda photo: photo in disputed)  # practice takes the others as far as they go
        trials = min(trials, sum(photo in disputed for photo in shuffled[practice:]))
        shuffled = [*shuffled[:practice], *(each for each in shuffled[practice:] if each in disputed)]
    made: list[Trial] = []
    for first, count in ((0, practice), (practice, trials)):
        source = list(duels) if duels and first else pairs
        chosen = _balanced(source, shuffled[first : first + count], rng)
        sides = rng.permutation([SIDES[i % 2] for i in range(count)])
        made += [
            Trial(number, first == 0, pair, "left" if side == "left" else "right")
            for number, (pair, side) in enumerate(zip(chosen, sides, strict=True), first + 1)
        ]
    return made


def _balanced(pairs: list[Pair], photos: list[str], rng: np.random.Generator) -> list[Pair]:
    """Choose for every photo one of the methods chosen least often so far."""
    seen: Counter[str] = Counter()
    chosen = []
    for photo in photos:
        options = [pair for pair in pairs if pair.photo == photo]
        least = min(seen[pair.shown] for pair in options)
        rarest = sorted({pair.shown for pair in options if seen[pair.shown] == least})
        shown = rarest[rng.integers(len(rarest))]
        seeds = [pair for pair in options if pair.shown == shown]
        chosen.append(seeds[rng.integers(len(seeds))])
        seen[shown] += 1
    return chosen


def _chosen(cells: pd.DataFrame, methods: str | None) -> list[str]:
    if methods is None:
        return list(cells["method"][~cells["oracle"].astype(bool)])
    chosen: list[str] = []
    for name in filter(None, (part.strip() for part in re.split(r",(?![^\[]*\])", methods))):
        known = (cells[["method", "name", "family"]] == name).any(axis="columns")
        if not known.any():
            have = ", ".join(dict.fromkeys(cells["method"]))
            raise UserError(f"--methods: the run has no '{name}'; it has {have}")
        chosen += list(cells["method"][known])
    return chosen
