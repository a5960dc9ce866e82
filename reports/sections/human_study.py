"""The human study: how often people mistook a colorized photo for the real one."""

from ..analysis.inference import LEVEL
from ..analysis.material import Material
from ..analysis.study import ENOUGH, Study
from ..analysis.summary import Summary
from ..blocks import Block, Column, Data, Entry, Heading, Prose, Row, Table
from ..text import counted, span

ORDER = 60  #: Place in the report


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if there are no answers."""
    study = material.study
    if study is None:
        return []
    people, answers = counted(study.participants, "participant"), counted(study.answers, "answer")
    return [
        Heading("Human study"),
        Prose(
            f"{people} saw a real photo and a colorized one, each for {study.exposure:g} s, and said which "
            f"is real: {answers}, not counting practice."
        ),
        rates_table(study, material.summary),
        Prose(
            "The fool rate is the share of answers that took the colorized photo for the real one; at 50% "
            "the two cannot be told apart. Intervals are Student's, over participants where a method has "
            f"{ENOUGH} of them, and over answers where it has fewer; where all answers agree there is none. "
            "Nobody saw a photo twice."
        ),
        Data("fool_rates", study.rates.rename_axis("method")),
    ]


def rates_table(study: Study, summary: Summary) -> Table:
    """Return the fool rates; the contender with the highest is ranked first."""
    columns = (
        Column("fool rate", "%", "↑", "share of answers that took the colorized photo for the real one"),
        Column(f"{LEVEL:.0%} interval", "%", description="Student's; none where all answers agree"),
        Column("answers", description="trials, not counting practice"),
        Column("participants"),
    )
    contenders = set(map(str, summary.contenders()))
    best = study.rates["fool_rate"][study.rates.index.isin(contenders)].max()
    rows = []
    for label, rate in zip(map(str, study.rates.index), study.rates.to_dict("records"), strict=True):
        share, interval = rate["fool_rate"], span(100 * rate["low"], 100 * rate["high"], 1)
        entries = (
            Entry(f"{100 * share:.1f}", share, int(share == best and label in contenders)),
            Entry(interval, rate["low"]),
            Entry(f"{rate['answers']:,}", rate["answers"]),
            Entry(f"{rate['participants']:,}", rate["participants"]),
        )
        rows.append(Row(label, summary.groups[label], entries))
    return Table(columns, tuple(rows), "fool-rate", "Fool rate in the human study")
