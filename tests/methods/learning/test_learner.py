"""The precision of training follows the processor's instructions."""

import pytest
import torch

from huebench.methods.base import Context
from huebench.methods.deep.encoder_decoder.card import EncoderDecoder
from huebench.methods.learning.learner import native_precision


@pytest.mark.parametrize(
    ("instructions", "precision"),
    [
        ({"avx512_bf16": True}, "bf16"),
        ({"avx2": True, "amx_bf16": True}, "bf16"),
        ({"bf16": True}, "bf16"),
        ({"avx512_f": True, "avx512_bf16": False}, "fp32"),
        ({}, "fp32"),
    ],
)
def test_a_processor_without_instructions_for_bf16_trains_in_fp32(monkeypatch, instructions, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: instructions)
    assert native_precision("cpu") == precision
    assert native_precision("cuda") == "bf16"
    assert EncoderDecoder().precision(Context()) == precision
    assert EncoderDecoder(precision="fp32").precision(Context(device="cuda")) == "fp32"
