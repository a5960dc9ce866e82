"""DDColor of Kang and others."""

from .card import DDColor as DDColor
from .card import DDColorTiny as DDColorTiny
