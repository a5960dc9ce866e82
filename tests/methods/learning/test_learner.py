"""The precision of training follows the processor's instructions."""

import pytest
import torch

from huebench.methods.base import Context
from huebench.methods.deep.encoder_decoder.card import EncoderDecoder
from huebench.methods.learning.learner import native_precision
from huebench.methods.learning.training import prepared_training


@pytest.mark.parametrize(
    ("instructions", "precision"),
    [
        ({"avx512_bf16": True, "amx_bf16": True}, "bf16"),
        ({"bf16": True}, "bf16"),
        ({"avx512_bf16": True, "amx_bf16": False, "cpu_name": "Intel(R) Xeon(R) Processor"}, "fp32"),
        ({"avx512_bf16": True, "cpu_name": "AMD EPYC"}, "bf16"),
        ({"avx512_bf16": False, "cpu_name": "AMD EPYC"}, "fp32"),
        ({}, "fp32"),
    ],
)
def test_the_precision_on_a_cpu_follows_its_instructions(monkeypatch, instructions, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: instructions)
    assert native_precision("cpu") == precision
    assert native_precision("cuda") == "bf16"


@pytest.mark.parametrize("chosen", [None, "fp32"])
def test_training_takes_the_native_precision_unless_one_is_chosen(monkeypatch, photo_set, crops, chosen):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    method = EncoderDecoder(size=16, epochs=1, batch=2, precision=chosen)
    with prepared_training(method, photo_set(crops[:2]), photo_set([]), Context()) as training:
        assert training.precision == training.trained.notes["precision"] == (chosen or "bf16")
        assert method.build_learner(training).autocast._enabled == (chosen is None)
