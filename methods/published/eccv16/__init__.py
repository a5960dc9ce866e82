"""ECCV16 of Zhang, Isola and Efros."""

from .card import ECCV16 as ECCV16
