"""`huebench-small-hints`."""

from .card import HuebenchSmallHints as HuebenchSmallHints
