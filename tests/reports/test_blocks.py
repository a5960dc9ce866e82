import math

from huebench.reports.blocks import Entry


def test_nan_is_no_value_to_sort_by():
    assert Entry("–", math.nan).value is None
    assert [Entry("1", value).value for value in (0.0, math.inf, None)] == [0.0, math.inf, None]
