import io

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from huebench.bench.cell import predictions
from huebench.bench.cell.pipeline import Prediction
from huebench.bench.cell.predictions import read_predictions, write_predictions


def test_predictions_come_back_to_the_bit_and_smaller(tmp_path):
    from skimage import data

    photos = {"a/ä.jpg": data.astronaut(), "b": data.coffee()[:17, :31], "c": np.full((1, 1, 3), 7, np.uint8)}
    given = {
        name: Prediction(rgb, 0.1 + len(name), None if name == "b" else "r") for name, rgb in photos.items()
    }
    path = tmp_path / "shard-00000.parquet"
    write_predictions(path, given, {"warm_up_seconds": 1.25, "threads": 3})
    kept = read_predictions(path)
    assert kept.facts == {"warm_up_seconds": 1.25, "threads": 3}
    assert list(kept.predictions) == list(photos)
    for name, prediction in given.items():
        back = kept.predictions[name]
        np.testing.assert_array_equal(back.rgb, prediction.rgb)
        assert (back.seconds, back.reference) == (prediction.seconds, prediction.reference)
    assert path.stat().st_size < 0.7 * sum(rgb.nbytes for rgb in photos.values())


def test_damaged_predictions_are_none(tmp_path):
    path = tmp_path / "shard-00000.parquet"
    assert read_predictions(path) is None
    write_predictions(path, {"a": Prediction(np.zeros((2, 2, 3), np.uint8), 0.0, None)}, {})
    path.write_bytes(path.read_bytes()[:-1])
    assert read_predictions(path) is None


@pytest.mark.parametrize("kind", ["EPS", "PNG", "TIFF"])
def test_a_prediction_in_another_format_is_not_opened(tmp_path, monkeypatch, kind):
    """A run folder may come from anywhere, and Pillow hands some formats to other programs."""
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, kind)
    monkeypatch.setattr(predictions, "_encoded", lambda _: picture.getvalue())
    path = tmp_path / "shard-00000.parquet"
    write_predictions(path, {"a": Prediction(np.zeros((4, 4, 3), np.uint8), 0.0, None)}, {})
    with pytest.raises(UnidentifiedImageError):
        read_predictions(path)
