import json

import pytest

from huebench.files import atomic, seal, unseal


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_text("old")

    def write_half():
        with atomic(path) as partial:
            partial.write_text("ne")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # raised above
        write_half()
    assert [each.name for each in tmp_path.iterdir()] == ["kept.txt"]
    assert path.read_text() == "old"


@pytest.fixture
def sealed(tmp_path):
    (tmp_path / "table").write_bytes(b"rows")
    seal(tmp_path / "seal.json", {"facts": [1.5, None, "é"]}, [tmp_path / "table"])
    return tmp_path


def test_a_seal_says_what_was_sealed(sealed):
    assert unseal(sealed / "seal.json") == {"facts": [1.5, None, "é"]}


def test_a_seal_is_broken_by_a_changed_or_missing_file(sealed):
    (sealed / "table").write_bytes(b"rowz")
    assert unseal(sealed / "seal.json") is None
    (sealed / "table").unlink()
    assert unseal(sealed / "seal.json") is None


def test_a_seal_is_broken_by_another_content(sealed):
    stored = json.loads((sealed / "seal.json").read_text())
    stored["content"]["facts"][0] = 1.25
    (sealed / "seal.json").write_text(json.dumps(stored))
    assert unseal(sealed / "seal.json") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"content": {}}', "\x00"])
def test_what_is_no_seal_is_none(tmp_path, text):
    (tmp_path / "seal.json").write_text(text)
    assert unseal(tmp_path / "seal.json") is None
    assert unseal(tmp_path / "missing.json") is None
