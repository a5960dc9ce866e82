"""Patches, a self-organising map, and K nearest neighbours."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..base import Context, MethodInfo, register
from ..kernels.search import PatchIndex
from ..kernels.votes import decode_votes
from .patch_codebook import Features, PatchCodebook


@register
class PatchSomKNN(PatchCodebook):
    """Let the K training patches most alike vote for a node of a self-organising map over chroma.

    Richart & Visca take the majority; the mean of the votes' codewords is the default here (ours): it loses
    less where several colours are plausible.
    """

    class Parameters(PatchCodebook.Parameters):
        """As for every patch classifier, and how many neighbours vote."""

        neighbours: int = Field(50, ge=1, le=1000, description="training patches that vote")

    parameters: Parameters
    info = MethodInfo(
        name="patch-som-knn",
        family="classical",
        source="Richart & Visca 2017, Image Colorization with Neural Networks; Balamurugan et al., §2 D–F",
        trainable=True,
    )
    fitted = (*PatchCodebook.fitted, "references", "nodes")
    references: Features
    nodes: NDArray[np.intp]

    def learn(self, features: Features, nodes: NDArray[np.intp], context: Context) -> None:
        """Keep the training patches with their nodes."""
        self.references, self.nodes = features, nodes

    def predict(self, features: Features) -> NDArray[np.float32]:
        """Search the nearest training patches and decode their votes."""
        neighbours = min(self.parameters.neighbours, len(self.references))
        _, rows = self._index.query(features, neighbours)
        chosen = self.parameters
        return decode_votes(self.nodes[rows], self.codewords, chosen.decoding, chosen.temperature)

    @cached_property
    def _index(self) -> PatchIndex:
        return PatchIndex(self.references)
