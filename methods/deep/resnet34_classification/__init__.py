"""ResNet-34 classification."""

from .card import ResNet34Classification as ResNet34Classification
