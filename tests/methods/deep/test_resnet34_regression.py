"""ResNet-34 regression overfits eight photos; its notes name the weights."""

from huebench.methods.deep.resnet34_regression import ResNet34Regression
from huebench.methods.learning.learner import native_precision


def test_overfits_eight_photos(gain_on_eight):
    method = ResNet34Regression(size=32, epochs=40, learning_rate=1e-3, flip=False, weights="none")
    assert gain_on_eight(method) > 4
    assert {"backbone weights": "none", "precision": native_precision("cpu")}.items() <= method.notes.items()
