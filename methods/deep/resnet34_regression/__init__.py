"""ResNet-34 regression."""

from .card import ResNet34Regression as ResNet34Regression
