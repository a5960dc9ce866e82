"""``bench ablation`` trains, scores and writes its page by one command."""

import pytest


@pytest.mark.long
def test_one_command_makes_the_page(bench, tmp_path):
    page = tmp_path / "ablation.md"
    code, output = bench(
        *("ablation", "--method", "encoder-decoder[size=16,epochs=1,photos=4]", "--dataset", "samples"),
        *("--limit", 2, "--size", 32, "--runs", tmp_path / "runs", "--out", page),
    )
    assert code == 0, output
    text = page.read_text()
    assert text.startswith("# What each training technique is worth")
    assert "## samples, 2 validation photos" in text
    assert text.count("| without ") == 7
    assert "failed" not in text
