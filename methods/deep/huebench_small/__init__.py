"""`huebench-small`."""

from .card import HuebenchSmall as HuebenchSmall
