"""JUnit XML: a comparison of two runs as the results of tests, which most build servers show."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET  # only written here, never read

import pandas as pd

from .analysis.comparison import Comparison
from .analysis.gate import Breach
from .text import change_decimals, number, p_value, printable, signed

SUITE = "huebench compare"


def render(comparison: Comparison, breaches: Sequence[Breach]) -> str:
    """Return a comparison as JUnit XML.

    Every method and metric is a test case, ``classname`` and ``name``. It fails if the method became
    significantly worse by that metric, and is skipped if there is nothing to compare. Every broken limit is
    a failed test case too.
    """
    suite = ET.Element("testsuite", name=SUITE)
    changes = comparison.changes
    for (method, metric), row in zip(changes.index, changes.to_dict("records"), strict=True):
        case = _case(suite, method, metric)
        if row["verdict"] == "worse":
            _tell(case, "failure", _worse(row))
        elif pd.isna(row["difference"]):
            _tell(case, "skipped", "no value before or after")
    for breach in breaches:
        _tell(_case(suite, breach.method, f"limit {breach.limit}"), "failure", breach.found)
    for count, kind in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
        suite.set(count, str(len(list(suite.iter(kind)))))
    suite.set("errors", "0")
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, method: object, name: object) -> ET.Element:
    told = {"classname": printable(str(method)), "name": printable(str(name))}
    return ET.SubElement(suite, "testcase", told)


def _tell(case: ET.Element, kind: str, message: str) -> None:
    ET.SubElement(case, kind, message=printable(message))


def _worse(row: Mapping[Hashable, Any]) -> str:
    decimals = change_decimals(row["before"], row["after"])
    values = f"{number(row['before'], decimals)} → {number(row['after'], decimals)}"
    return f"{signed(row['difference'], decimals)} ({values}), p {p_value(row['p_adjusted'])}"
