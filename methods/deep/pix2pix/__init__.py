"""The pix2pix GAN."""

from .card import Pix2Pix as Pix2Pix
