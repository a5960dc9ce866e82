"""``--protocol`` beside the options that it freezes."""

import pytest

from huebench import UserError
from huebench.bench.plan.request import Request
from huebench.bench.plan.resolve import protocol_of, resolve
from huebench.bench.protocol.presets import presets
from huebench.bench.protocol.protocol import Protocol


def resolved(**options):
    return protocol_of(resolve(Request.of(methods="gray", **options)))


def test_the_default_is_the_protocol_as_it_was():
    assert resolved(size=256) == Protocol()
    assert resolved(size=64, resize="center-crop", metrics="psnr") == Protocol(
        size=64, resize="center-crop", metrics=("psnr",)
    )


def test_a_named_protocol_sets_all_its_choices():
    assert resolved(protocol="icolorit") == presets.get("icolorit").protocol


def test_options_that_agree_with_a_named_protocol_are_accepted():
    options = {"size": 256, "resize": "center-crop", "metrics": "psnr,ssim_uniform_225,colorfulness_abs,fid"}
    assert resolved(protocol="ct2", **options) == presets.get("ct2").protocol


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 128}, "--size contradicts --protocol ct2, which is frozen at 256: leave --size out"),
        ({"resize": "squash"}, "--resize contradicts --protocol ct2, which is frozen at center-crop"),
        (
            {"metrics": "psnr"},
            "--metrics contradicts .*keep-predictions all, `bench score RUN --metrics psnr,ssim_uniform_225",
        ),
    ],
)
def test_an_option_that_contradicts_a_named_protocol_is_refused(options, message):
    with pytest.raises(UserError, match=message):
        resolved(protocol="ct2", **options)


def test_an_unknown_protocol_shows_the_nearest():
    with pytest.raises(UserError, match="unknown protocol 'bigcolour'; did you mean bigcolor"):
        resolved(protocol="bigcolour")
