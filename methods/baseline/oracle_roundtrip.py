"""The true chroma itself, passed through the protocol."""

from ..base import Chroma, Context, Lightness, Method, MethodInfo, register


@register
class OracleRoundtrip(Method):
    """The upper bound: the hidden chroma, so that only the rounding from Lab to RGB is lost."""

    info = MethodInfo(
        name="oracle-roundtrip",
        family="baseline",
        source="the protocol's own upper bound",
        oracle=True,
        seeded=False,
    )

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return a copy of the true chroma, float32 (N, H, W, 2)."""
        assert context.true_chroma is not None
        return context.true_chroma.copy()
