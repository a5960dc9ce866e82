"""The encoder–decoder learns: eight photos by heart, far below what one colour for all would leave."""

import numpy as np
from skimage import color

from huebench.methods.base import Context
from huebench.methods.deep.encoder_decoder import EncoderDecoder


def test_overfits_eight_photos(photo_set, crops):
    photos = crops[:8]
    method = EncoderDecoder(size=16, epochs=150, learning_rate=1e-3, decay=1, flip=False)
    method.fit(photo_set(photos), photo_set([]), Context())
    lab = color.rgb2lab(photos).astype(np.float32)
    ab = method.colorize(lab[..., 0], Context())
    error = np.linalg.norm(ab - lab[..., 1:], axis=-1).mean()
    mean_color_error = np.linalg.norm(lab[..., 1:] - lab[..., 1:].mean((0, 1, 2)), axis=-1).mean()
    assert error < 0.5 * mean_color_error


def test_parameter_count_is_the_papers():
    assert EncoderDecoder().parameter_count == 6_219_410
