"""The encoder–decoder learns: eight photos by heart."""

from huebench.methods.deep.encoder_decoder.card import EncoderDecoder


def test_overfits_eight_photos(gain_on_eight):
    method = EncoderDecoder(size=16, epochs=100, learning_rate=1e-3, decay=1, flip=False)
    assert gain_on_eight(method) > 4


def test_parameter_count_is_the_papers():
    assert EncoderDecoder().parameter_count == 6_219_410
