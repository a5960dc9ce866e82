import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from huebench.reports.pictures import is_whole, only_whole


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)).save(path)
    return path


@pytest.mark.parametrize("place", [0, 12, 20, 60, 1500])
def test_a_changed_or_truncated_picture_is_not_whole(picture, place):
    assert is_whole(picture)
    content = bytearray(picture.read_bytes())
    content[place] ^= 1
    picture.write_bytes(content)
    assert not is_whole(picture)
    content[place] ^= 1
    picture.write_bytes(content)
    assert is_whole(picture)
    os.truncate(picture, place)
    assert not is_whole(picture)


def test_paths_of_pictures_that_are_not_whole_are_left_out(picture):
    picture.with_name("b.png").write_bytes(b"")
    paths = pd.array(["a.png", "b.png", "c.png", None], "string")
    images = pd.DataFrame({"photo": range(4), "picture": paths, "truth_picture": paths[::-1]})
    kept = only_whole(images, picture.parent)
    assert list(kept["picture"].isna()) == [False, True, True, True]
    assert list(kept["truth_picture"].isna()) == [True, True, True, False]
    assert list(kept["photo"]) == list(range(4))
    assert images["picture"].isna().sum() == 1
