"""MIRFLICKR-25k."""

from .card import Mirflickr as Mirflickr
