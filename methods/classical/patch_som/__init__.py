"""Two methods that classify patches of lightness into the colours of a self-organising map."""

from .knn import PatchSomKNN as PatchSomKNN
from .mlp import PatchSomMLP as PatchSomMLP
