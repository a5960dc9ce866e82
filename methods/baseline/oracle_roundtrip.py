"""The truth itself, through the protocol."""

from ..base import Chroma, Context, Lightness, Method, MethodInfo, register


@register
class OracleRoundtrip(Method):
    """The ceiling: the hidden chroma, so that only Lab → RGB rounding is lost."""

    info = MethodInfo(
        name="oracle-roundtrip", family="baseline", source="the protocol's own ceiling", oracle=True
    )

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return a copy of the truth, float32 (N, H, W, 2)."""
        assert context.true_chroma is not None
        return context.true_chroma.copy()
