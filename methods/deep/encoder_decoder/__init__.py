"""The encoder–decoder CNN."""

from .card import EncoderDecoder as EncoderDecoder
