"""The Inception fusion CNN."""

from .card import InceptionFusion as InceptionFusion
