import inspect
from dataclasses import fields

import numpy as np
import pytest

from huebench import UserError
from huebench.bench.cli.colorize import colorize
from huebench.bench.colorize.settings import Settings


def test_text_names_what_differs_from_the_defaults():
    assert Settings().text == ""
    assert Settings(size=256, strength=0.5, crop_borders=True).text == "size=256 strength=0.5 crop-borders"
    one, other = (Settings(reference=np.full((2, 2, 3), level, np.uint8)).text for level in (0, 1))
    assert one.startswith("reference=")
    assert one != other


@pytest.mark.parametrize("size", [8, 5000])
def test_size_out_of_range_is_refused(size):
    with pytest.raises(UserError, match=f"size {size}: give 16 to 4096 pixels"):
        Settings(size=size)


def test_every_setting_but_the_reference_becomes_an_option():
    options = inspect.signature(colorize).parameters
    offered = {each.name: each.default for each in fields(Settings) if each.name != "reference"}
    assert offered == {name: options[name].default for name in offered}
    assert "settings" not in options
