"""Colorization methods."""

from typing import Literal

Budget = Literal["smoke", "quick", "paper"]
"""Length of training: ``smoke`` shows that it runs, ``quick`` takes minutes, ``paper`` is the paper's own."""
