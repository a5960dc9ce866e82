"""SIGGRAPH17 of Zhang, Zhu and others."""

from .card import SIGGRAPH17 as SIGGRAPH17
