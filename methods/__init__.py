"""Colorization methods."""

from typing import Literal

Budget = Literal["smoke", "quick", "long", "paper"]
"""Length of training: ``smoke`` shows that it runs, ``quick`` takes minutes per method, ``long`` about 90
minutes on two CPU cores, ``paper`` is the paper's own."""
