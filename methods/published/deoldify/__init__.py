"""DeOldify of Jason Antic."""

from .card import DeOldifyArtistic as DeOldifyArtistic
from .card import DeOldifyStable as DeOldifyStable
from .card import DeOldifyVideo as DeOldifyVideo
