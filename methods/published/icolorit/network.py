"""The vision transformer of iColoriT, for photos of 224×224 pixels."""

from collections import OrderedDict
from math import isqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE, PATCH, GRID = 224, 16, 14
TOKENS = GRID * GRID
EPS = 1e-6  #: Of all layer normalisations


class IColoriT(nn.Module):
    """A transformer from lightness and colour hints to chroma in patches of 16×16 pixels.

    Takes ((L* − 50)/100, a*/110, b*/110), float32 (N, 3, 224, 224), and a mask, bool (N, cells), over square
    cells in row-major order, False where there is a hint; as many cells as the side of a cell demands, such
    as 112·112 for 2×2 pixels. Chroma without a hint is erased. Returns a*b*/110, float32 (N, 196, 512), for
    each patch in row-major order: its rows, its columns, then a* and b*.

    Parameters
    ----------
    width
        Features of a token.
    heads
        Heads of attention.
    """

    positions: Tensor

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.patch_embed = nn.Sequential(OrderedDict(proj=nn.Conv2d(4, width, PATCH, PATCH)))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(12))
        self.norm = nn.LayerNorm(width, EPS)
        head = nn.Conv2d(width, 2 * PATCH * PATCH, 3, padding=1, padding_mode="reflect")
        self.head = nn.Sequential(OrderedDict(head=head, tanh=nn.Tanh()))
        self.register_buffer("positions", sine_positions(width), persistent=False)

    def forward(self, lab: Tensor, mask: Tensor) -> Tensor:
        """Return a*b*/110 of the patches."""
        patches = self.patch_embed(with_hints(lab, mask))
        tokens = patches.flatten(2).transpose(1, 2) + self.positions
        for block in self.blocks:
            tokens = block(tokens)
        grid = self.norm(tokens).transpose(1, 2).reshape(len(lab), -1, GRID, GRID)
        chroma: Tensor = self.head(grid).flatten(2).transpose(1, 2)
        return chroma


class LightnessToChroma(nn.Module):
    """The network without hints: a*b*, (1, 2, 224, 224), from L*, (1, 1, 224, 224), 0…100."""

    unknown: Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("unknown", torch.ones(1, TOKENS, dtype=torch.bool), persistent=False)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return a*b*."""
        scaled = (lightness - 50) / 100
        tokens = self.network(torch.cat((scaled, 0 * scaled, 0 * scaled), dim=1), self.unknown)
        patches = tokens.reshape(1, GRID, GRID, PATCH, PATCH, 2).permute(0, 5, 1, 3, 2, 4)
        ab: Tensor = 110 * patches.reshape(1, 2, SIDE, SIDE)
        return ab


class Block(nn.Module):
    """A transformer's block that normalises first."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, EPS)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, EPS)
        fc1, fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.mlp = nn.Sequential(OrderedDict(fc1=fc1, gelu=nn.GELU(), fc2=fc2))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens of the same shape (N, 196, width)."""
        tokens = tokens + self.attn(self.norm1(tokens))
        result: Tensor = tokens + self.mlp(self.norm2(tokens))
        return result


class Attention(nn.Module):
    """Self-attention with a learned bias for every offset between two patches; keys have no bias."""

    relative_position_index: Tensor

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_bias = nn.Parameter(torch.zeros(width))
        self.v_bias = nn.Parameter(torch.zeros(width))
        self.rpb_table = nn.Parameter(torch.zeros((2 * GRID - 1) ** 2, heads))
        self.register_buffer("relative_position_index", offsets())
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens of the same shape (N, 196, width)."""
        bias = torch.cat((self.q_bias, torch.zeros_like(self.q_bias), self.v_bias))
        packed = functional.linear(tokens, self.qkv.weight, bias)
        query, key, value = packed.reshape(*tokens.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
        scores = scores + self.rpb_table[self.relative_position_index].permute(2, 0, 1)
        seen = (scores.softmax(dim=-1) @ value).transpose(1, 2).flatten(2)
        result: Tensor = self.proj(seen)
        return result


def with_hints(lab: Tensor, mask: Tensor) -> Tensor:
    """Return lightness, the hints' mean chroma of each cell, and the mask of hints, (N, 4, 224, 224)."""
    cells = isqrt(mask.shape[1])
    if cells * cells != mask.shape[1] or SIDE % cells:
        raise ValueError(
            f"the mask has {mask.shape[1]} cells; they must tile {SIDE}×{SIDE} pixels with squares"
        )
    size = SIDE // cells
    hinted = 1 - mask.to(lab.dtype).reshape(-1, 1, cells, cells)
    chroma = functional.avg_pool2d(lab[:, 1:], size) * hinted
    spread = torch.cat((chroma, hinted), dim=1).repeat_interleave(size, 2).repeat_interleave(size, 3)
    return torch.cat((lab[:, :1], spread), dim=1)


def sine_positions(width: int) -> Tensor:
    """Return the fixed positions of the patches, float32 (196, width)."""
    feature = torch.arange(width)
    angles = torch.arange(TOKENS)[:, None] / 10000.0 ** (2 * (feature // 2).double() / width)
    return torch.where(feature % 2 == 0, angles.sin(), angles.cos()).float()


def offsets() -> Tensor:
    """Return, for every query and key, the number of their offset, int64 (196, 196)."""
    place = torch.arange(TOKENS)
    row, column = place // GRID, place % GRID
    rows = row[:, None] - row + GRID - 1
    columns = column[:, None] - column + GRID - 1
    return rows * (2 * GRID - 1) + columns
