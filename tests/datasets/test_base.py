import dataclasses

import pytest

from huebench import UserError
from huebench.datasets.base import Entry, datasets, fingerprint, register_dataset
from huebench.datasets.sets.samples import Samples

ENTRY = Entry("a.jpg", "train", "sea", "CC0", "00")


@pytest.mark.parametrize("change", [{"id": "b"}, {"split": "test"}, {"category": ""}, {"sha256": "01"}])
def test_fingerprint_follows_id_split_category_and_content(change):
    assert fingerprint([dataclasses.replace(ENTRY, **change)]) != fingerprint([ENTRY])


def test_fingerprint_follows_neither_order_nor_licence():
    other = dataclasses.replace(ENTRY, id="b")
    assert fingerprint([ENTRY, other]) == fingerprint([other, ENTRY])
    assert fingerprint([dataclasses.replace(ENTRY, licence="")]) == fingerprint([ENTRY])


def test_split_keeps_the_order():
    dataset = Samples()
    assert dataset.split("test") == [entry for entry in dataset.entries() if entry.split == "test"]
    assert dataset.fingerprint() == fingerprint(dataset.entries())


def test_a_name_is_registered_once():
    assert datasets.get("samples") is Samples
    with pytest.raises(UserError, match="dataset 'samples' is registered twice"):
        register_dataset(type("Other", (Samples,), {}))
