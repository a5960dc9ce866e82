"""Splits that the names of folders state."""

import pytest

from huebench.datasets.split_folders import split_named

NAMES = {
    "train": "Train train_set trainset TRAINHR trainLR trainimages imagesTr TrainVal trainA DIV2K_train_HR",
    "validation": "val2017 valid validset valdata devset DevImages imgval",
    "test": "testA test_set testimages imagesTs TestPhotos holdout",
    None: "train_test contest latest attest trains rain images photos data set imageset portraits",
}


@pytest.mark.parametrize(
    ("name", "split"), [(name, split) for split, names in NAMES.items() for name in names.split()]
)
def test_a_name_states_a_split_if_its_words_are_of_one(name, split):
    assert split_named(name) == split
