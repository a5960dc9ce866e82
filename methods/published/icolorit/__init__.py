"""iColoriT of Yun and others."""

from .card import IColoriTBase as IColoriTBase
from .card import IColoriTTiny as IColoriTTiny
