"""The NoGAN U-Net."""

from .card import NoGanUNet as NoGanUNet
