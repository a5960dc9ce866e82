import re
from pathlib import Path

import pytest


@pytest.fixture
def guide():
    """Return the guide that prints the table."""
    path = Path(__file__).parents[3] / "docs" / "guides" / "read-a-report.md"
    return " ".join(path.read_text(encoding="utf-8").split("\n")) + path.read_text(encoding="utf-8")


def test_the_table_of_the_guide_is_what_the_command_prints(bench, guide):
    code, output = bench("power")
    assert code == 0
    printed = re.findall(r"^ *([\d,]+) +([\d. ]+)$", output, re.MULTILINE)
    rows = re.findall(r"^\| ([\d,]+) \| ([\d. |]+) \|$", guide, re.MULTILINE)
    assert len(printed) == 5
    assert [(count, row.split()) for count, row in printed] == [
        (count, row.replace("|", " ").split()) for count, row in rows
    ]


def test_the_differences_that_seeds_allow_are_those_of_the_guide(bench, guide):
    sentences = ((3, "a difference of 1.03 dB at an SD of 2 dB"), (5, "five seeds a difference of 0.87 dB"))
    for seeds, told in sentences:
        output = bench("power", "--photos", 119, "--deviation", 2, "--seeds", seeds, "--between", 0.2)[1]
        assert re.search(r"119 +([\d.]+)", output)[1] in told
        assert told in guide


def test_an_impossible_number_is_a_mistake(bench):
    code, output = bench("power", "--photos", 1)
    assert code == 2
    assert "--photos" in output
    for arguments, advice in (
        (("--deviation", 0), "--deviation must be above 0, and finite"),
        (("--deviation", "inf"), "--deviation must be above 0, and finite"),
        (("--between", 0.5), "add --seeds 3"),
    ):
        code, output = bench("power", *arguments)
        assert (code, advice in output) == (2, True), output
