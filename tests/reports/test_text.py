import json

import numpy as np
import pytest

from huebench.reports.text import duration, in_words, number


@pytest.mark.parametrize(
    ("value", "words"),
    [(True, "yes"), (False, "no"), ("", "none"), ((), "none"), ({}, "none"), (12345, "12,345"), (0.5, "0.5")],
)
def test_in_words(value, words):
    assert in_words(value) == words
    assert in_words(json.loads(json.dumps(value))) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0001, "0.00"),
        (-1.5, "−1.50"),
        (np.nan, "–"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
        (12345.678, "12,345.68"),
    ],
)
def test_number(value, text):
    assert number(value, 2) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(12.345, "12.3 s"), (0.5, "500 ms"), (2e-6, "2 µs"), (3.21e-8, "32.1 ns")]
)
def test_durations_have_three_digits_and_a_unit(seconds, text):
    assert duration(seconds) == text
