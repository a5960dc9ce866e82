"""The threads of a pipeline: order, bounds, errors, and the end."""

import time
from contextlib import closing

import pytest

from huebench.bench.colorize.ahead import ahead


def counting(made, stop=10**6):
    try:
        for number in range(stop):
            made.append(number)
            yield number
    finally:
        made.append("closed")


def test_items_keep_their_order():
    assert list(ahead(ahead(counting([], 50), 2), 3)) == list(range(50))


def test_no_more_than_some_are_made_ahead_and_closing_ends_the_thread():
    made = []
    with closing(ahead(ahead(counting(made), 2), 2)) as items:
        assert next(items) == 0
        time.sleep(0.2)
        assert len(made) <= 10
    assert made[-1] == "closed"


def test_errors_are_raised_where_items_are_taken():
    def fails():
        yield 1
        raise OSError("broken")

    items = ahead(ahead(fails()))
    assert next(items) == 1
    with pytest.raises(OSError, match="broken"):
        next(items)
