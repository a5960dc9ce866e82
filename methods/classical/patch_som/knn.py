"""Patches, a self-organising map, and K nearest neighbours."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ....datasets.color.conversion import rgb_to_lab
from ....datasets.photos import PhotoSet
from ...base import Context, MethodInfo, register
from ...kernels.search import PatchIndex
from ...kernels.votes import decode_votes
from .codebook import Features, PatchCodebook

BUDGET_PHOTOS = 16  #: Number of validation photos used to choose the budget of the search


@register
class PatchSomKNN(PatchCodebook):
    """Let the K most similar training patches vote for a node of a self-organising map over chroma.

    Richart & Visca take the majority; the default here is the mean of the votes' codewords (ours), which
    loses less if several colours are plausible. The budgeted search is ours too: its budget is chosen on
    validation photos so that it finds the share `recall` of the true neighbours; `recall=1` searches exactly.
    """

    class Parameters(PatchCodebook.Parameters):
        """The parameters of every patch classifier, and the search for neighbours."""

        neighbours: int = Field(50, ge=1, le=1000, description="training patches that vote")
        recall: float = Field(
            0.95, gt=0, le=1, description="share of true neighbours to find; 1: exact search"
        )

    parameters: Parameters
    info = MethodInfo(
        name="patch-som-knn",
        family="classical",
        source="Richart & Visca 2017, Image Colorization with Neural Networks; Balamurugan et al., §2 D–F",
        trainable=True,
    )
    fitted = (*PatchCodebook.fitted, "references", "nodes", "budget")
    references: Features
    nodes: NDArray[np.intp]
    budget: NDArray[np.float64]
    _index: PatchIndex

    def learn(
        self, features: Features, nodes: NDArray[np.intp], validation: PhotoSet, context: Context
    ) -> None:
        """Keep the training patches with their nodes, and choose the search's budget."""
        self.references, self.nodes, self._index = features, nodes, PatchIndex(features)
        self.budget = np.array(self._choose_budget(validation, context))

    def load(self, folder: Path) -> None:
        """Read back what `save` wrote, and build the index."""
        super().load(folder)
        self._index = PatchIndex(self.references)

    def predict(self, features: Features) -> NDArray[np.float32]:
        """Search the nearest training patches and decode their votes."""
        chosen = self.parameters
        _, rows = self._index.query(features, self._neighbours, float(self.budget))
        return decode_votes(self.nodes[rows], self.codewords, chosen.decoding, chosen.temperature)

    def _choose_budget(self, validation: PhotoSet, context: Context) -> float:
        """Return the smallest budget that reaches the recall on validation photos, else 1 (exact)."""
        if self.parameters.recall == 1:
            return 1.0
        queries = []
        for photo in validation.sample(BUDGET_PHOTOS, context.rng()):
            lightness, _ = rgb_to_lab(photo.rgb)
            pixels = context.rng(lightness).permutation(lightness.size)[: 4096 // BUDGET_PHOTOS]
            queries.append(self.features(lightness, pixels))
        if not queries:
            return 1.0
        return self._index.budget_for(
            np.concatenate(queries), self._neighbours, self.parameters.recall, seed=context.seed
        )

    @property
    def _neighbours(self) -> int:
        return min(self.parameters.neighbours, len(self.references))

    @property
    def notes(self) -> dict[str, str]:
        """The way in which the neighbours were searched."""
        if not hasattr(self, "budget"):
            return {}
        if self.budget == 1:
            return {"search": "exact"}
        return {"search": f"budget {float(self.budget):.3f} for a recall of {self.parameters.recall:g}"}
