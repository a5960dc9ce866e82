"""The regression network of Qin, Mao & Meng on a pretrained ResNet-34."""

from torch import Tensor, nn
from torch.nn import functional

from ...learning.encoders import Backbone
from ...learning.network import AB_RANGE, ColorNetwork, neutral


class RegressionNetwork(ColorNetwork):
    """Table 1: ResNet-34 up to conv4_x, four upsampling stages, a sigmoid; sides are multiples of 16.

    The sigmoid's 0…1 stands for a*b* of ±110, and upsampling repeats pixels: both are ours, as the
    paper does not say.
    """

    def __init__(self, backbone: str = "resnet34") -> None:
        super().__init__()
        self.backbone = Backbone(backbone, (3,))
        self.decoder = nn.Sequential(
            *block(self.backbone.channels[0], 128),
            nn.Upsample(scale_factor=2),
            *block(128, 64),
            nn.Upsample(scale_factor=2),
            *block(64, 32),
            nn.Upsample(scale_factor=2),
            neutral(nn.Conv2d(32, 2, 3, padding=1)),
            nn.Sigmoid(),
            nn.Upsample(scale_factor=2),
        )

    def forward(self, lightness: Tensor) -> Tensor:
        """Return (a*b*/110 + 1)/2, in 0…1."""
        prediction: Tensor = self.decoder(self.backbone(lightness)[0])
        return prediction

    def chroma(self, prediction: Tensor) -> Tensor:
        """Scale the prediction back to a*b*."""
        return (2 * prediction - 1) * AB_RANGE

    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return the mean squared error of the scaled chroma."""
        return functional.mse_loss(prediction, (ab / AB_RANGE + 1) / 2)


def block(before: int, after: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    """Return a 3×3 convolution with batch normalisation and ReLU."""
    return nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()
