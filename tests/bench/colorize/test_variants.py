"""The variants of a job."""

from dataclasses import replace

import pytest

from huebench.bench.colorize.colorist import named
from huebench.bench.colorize.engine import Settings
from huebench.bench.colorize.variants import variants_of
from huebench.bench.plan.request import Request


@pytest.fixture
def folders():
    """Return the folders of methods whose rows have some names."""
    colorist = named("gray", Request.of())[0]

    def of(*rows):
        variants = variants_of([replace(colorist, row=row) for row in rows], Settings(), {})
        return [variant.folder for variant in variants]

    return of


def test_methods_whose_names_differ_in_signs_alone_have_folders_of_their_own(folders):
    found = folders("external[file=a/b.onnx]", "external[file=a-b.onnx]", "gray")
    assert len(set(found)) == 3
    assert found[2] == "gray"


def test_long_name_makes_a_folder_that_file_systems_take(folders):
    found = folders(f"external[file={'é' * 300}.onnx]", f"external[file={'é' * 300}.pt]")
    assert len(set(found)) == 2
    assert all(len(folder.encode()) < 200 for folder in found)


def test_the_only_variant_needs_no_folder(folders):
    assert folders("gray") == [""]
