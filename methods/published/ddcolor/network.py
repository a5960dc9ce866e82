"""DDColor: an encoder, a decoder of pixels, and a decoder of colours that attends to it."""

import torch
from torch import Tensor, nn

from ...pretrained.layers import DecoderBlock, PixelShuffleUpsampling, SpectralConvolution, convolution
from .encoder import ConvNeXt

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's photos, RGB, 0…1."""

WIDTHS = (512, 512, 256)  #: Channels of the pixel decoder's blocks
FEATURES = 256  #: Features of a colour query
QUERIES = 100
LAYERS = 9  #: Of the colour decoder
HEADS = 8
TEMPERATURE = 10_000


class DDColor(nn.Module):
    """A network from a grey photo to chroma.

    Takes grey RGB, float32 (N, 3, H, W), 0…1, and returns a*b*, float32 (N, 2, H, W). Height and width must
    be multiples of 32.

    Parameters
    ----------
    depths, widths
        Blocks and channels of the encoder's stages.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, depths: tuple[int, ...], widths: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).reshape(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(DEVIATION).reshape(1, 3, 1, 1))
        self.encoder = Encoder(depths, widths)
        self.decoder = Decoder(widths)
        refine = SpectralConvolution(QUERIES + 3, 2, 1, bias=True)
        self.refine_net = nn.Sequential(nn.Sequential(refine))

    def forward(self, photo: Tensor) -> Tensor:
        """Return a*b*."""
        normalised = (photo - self.mean) / self.std
        maps = self.decoder(self.encoder(normalised))
        ab: Tensor = self.refine_net(torch.cat((maps, normalised), dim=1))
        return ab


class Encoder(nn.Module):
    """The encoder, under the name that the files give it."""

    def __init__(self, depths: tuple[int, ...], widths: tuple[int, ...]) -> None:
        super().__init__()
        self.arch = ConvNeXt(depths, widths)

    def forward(self, photo: Tensor) -> list[Tensor]:
        """Return the features of four stages."""
        features: list[Tensor] = self.arch(photo)
        return features


class PixelBlock(DecoderBlock):
    """A block of the pixel decoder."""

    def __init__(self, before: int, width: int, skipped: int) -> None:
        super().__init__(before, width, skipped)
        self.conv = convolution(width + skipped, width)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Return features at the side of ``skip``."""
        result: Tensor = self.conv(self.join(features, skip))
        return result


class Decoder(nn.Module):
    """The pixel decoder, and one map for each colour query.

    Parameters
    ----------
    widths
        Channels of the encoder's stages.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        before = (widths[3], *WIDTHS)
        self.layers = nn.ModuleList(PixelBlock(before[i], WIDTHS[i], widths[2 - i]) for i in range(3))
        last = SpectralConvolution(WIDTHS[2], 16 * FEATURES, 1, bias=True)
        self.last_shuf = PixelShuffleUpsampling(last, factor=4)
        self.color_decoder = ColorDecoder()

    def forward(self, stages: list[Tensor]) -> Tensor:
        """Return the queries' maps, (N, 100, H, W)."""
        *skips, features = stages
        scales = []
        for block, skip in zip(self.layers, reversed(skips), strict=True):
            features = block(features, skip)
            scales.append(features)
        pixels = self.last_shuf(features).permute(0, 2, 3, 1)  # no copy, as channels lie last
        maps: Tensor = pixels.flatten(1, 2) @ self.color_decoder(scales).transpose(1, 2)
        return maps.reshape(*pixels.shape[:3], QUERIES).permute(0, 3, 1, 2)


class ColorDecoder(nn.Module):
    """Learned queries that attend to the scales of the pixel decoder in turn, the coarsest first."""

    def __init__(self) -> None:
        super().__init__()
        self.query_feat = nn.Embedding(QUERIES, FEATURES)
        self.query_embed = nn.Embedding(QUERIES, FEATURES)
        self.level_embed = nn.Embedding(len(WIDTHS), FEATURES)
        self.input_proj = nn.ModuleList(nn.Conv2d(width, FEATURES, 1) for width in WIDTHS)
        self.transformer_self_attention_layers = nn.ModuleList(SelfAttention() for _ in range(LAYERS))
        self.transformer_cross_attention_layers = nn.ModuleList(CrossAttention() for _ in range(LAYERS))
        self.transformer_ffn_layers = nn.ModuleList(FeedForward() for _ in range(LAYERS))
        self.decoder_norm = nn.LayerNorm(FEATURES)
        self.color_embed = ColorEmbedding()

    def forward(self, scales: list[Tensor]) -> Tensor:
        """Return the queries' features, (N, 100, 256)."""
        places = [sine_positions(*scale.shape[2:]).to(scale.device) for scale in scales]
        values = [
            project(scale).flatten(2).transpose(1, 2) + level
            for project, scale, level in zip(self.input_proj, scales, self.level_embed.weight, strict=True)
        ]
        queries = self.query_feat.weight.expand(len(scales[0]), -1, -1)
        identity = self.query_embed.weight
        for i in range(LAYERS):
            place, value = places[i % len(scales)], values[i % len(scales)]
            queries = self.transformer_cross_attention_layers[i](queries, identity, value, place)
            queries = self.transformer_self_attention_layers[i](queries, identity)
            queries = self.transformer_ffn_layers[i](queries)
        colors: Tensor = self.color_embed(self.decoder_norm(queries))
        return colors


class SelfAttention(nn.Module):
    """Attention between the queries; normalises last."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(FEATURES, HEADS, batch_first=True)
        self.norm = nn.LayerNorm(FEATURES)

    def forward(self, queries: Tensor, identity: Tensor) -> Tensor:
        """Return queries of the same shape (N, 100, 256)."""
        asking = queries + identity
        seen, _ = self.self_attn(asking, asking, queries)
        result: Tensor = self.norm(queries + seen)
        return result


class CrossAttention(nn.Module):
    """Attention of the queries to the pixels of a scale; normalises last."""

    def __init__(self) -> None:
        super().__init__()
        self.multihead_attn = nn.MultiheadAttention(FEATURES, HEADS, batch_first=True)
        self.norm = nn.LayerNorm(FEATURES)

    def forward(self, queries: Tensor, identity: Tensor, pixels: Tensor, places: Tensor) -> Tensor:
        """Return queries of the same shape (N, 100, 256), for pixels (N, H · W, 256) and their places."""
        seen, _ = self.multihead_attn(queries + identity, pixels + places, pixels)
        result: Tensor = self.norm(queries + seen)
        return result


class FeedForward(nn.Module):
    """Two layers for each query; normalises last."""

    def __init__(self) -> None:
        super().__init__()
        self.linear1 = nn.Linear(FEATURES, 2048)
        self.linear2 = nn.Linear(2048, FEATURES)
        self.norm = nn.LayerNorm(FEATURES)

    def forward(self, queries: Tensor) -> Tensor:
        """Return queries of the same shape."""
        result: Tensor = self.norm(queries + self.linear2(torch.relu(self.linear1(queries))))
        return result


class ColorEmbedding(nn.Module):
    """Three layers from a query to its colour's features."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(FEATURES, FEATURES) for _ in range(3))

    def forward(self, queries: Tensor) -> Tensor:
        """Return features of the same shape."""
        first, second, last = self.layers
        result: Tensor = last(torch.relu(second(torch.relu(first(queries)))))
        return result


def sine_positions(height: int, width: int) -> Tensor:
    """Return the positions of pixels, float32 (height · width, 256): waves over rows, then over columns."""
    features = FEATURES // 2
    periods = TEMPERATURE ** (2 * (torch.arange(features) // 2) / features)

    def encoded(count: int) -> Tensor:
        angles = torch.arange(1, count + 1)[:, None] / (count + 1e-6) * (2 * torch.pi) / periods
        return torch.stack((angles[:, 0::2].sin(), angles[:, 1::2].cos()), dim=2).flatten(1)

    rows = encoded(height)[:, None].expand(-1, width, -1)
    columns = encoded(width)[None].expand(height, -1, -1)
    return torch.cat((rows, columns), dim=2).flatten(0, 1)
