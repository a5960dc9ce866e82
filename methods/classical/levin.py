"""Colorization using optimization: like lightness, like colour."""

import numpy as np

from ..base import Chroma, Context, Lightness, Method, MethodInfo, register


@register
class Levin(Method):
    """Give every pixel the mean colour of its neighbours, weighted by how alike their lightness is.

    The hints are fixed. Every other pixel meets its own equation, so that the cost of the paper's eq. 1,
    taken over these pixels, is 0: the solution of one sparse linear system. Nothing is trained: it is the
    method that every network with hints must beat. Without hints, all is grey.
    """

    info = MethodInfo(
        name="levin",
        family="hinted",
        source="Levin, Lischinski & Weiss 2004, Colorization using Optimization, eq. 1–2",
        hints=True,
        seeded=False,
    )

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return the solution for each photo, float32 (N, H, W, 2)."""
        from ..kernels.multigrid import spread_colours  # SciPy is slow to import

        chroma = np.zeros((*lightness.shape, 2), np.float32)
        for photo, plane in enumerate(lightness):
            hints = context.hints[photo] if context.hints is not None else None
            if hints is not None and hints.mask.any():
                chroma[photo] = spread_colours(plane, hints.ab, hints.mask)
        return chroma
