import re
from dataclasses import replace

import pandas as pd
import pytest
import yaml

from huebench import UserError
from huebench.reports.dataset_card import write_card
from huebench.reports.tables import write_results


def test_the_header_names_every_table_of_the_folder(maker, tmp_path):
    results = maker.run(methods=("gray", "mean-ab"), photos=5)
    write_results(results, tmp_path)
    text = write_card(results, tmp_path).read_text()
    header = yaml.safe_load(re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)[1])
    tables = {config["config_name"]: config["data_files"] for config in header["configs"]}
    assert set(tables.values()) == {path.name for path in tmp_path.glob("*.parquet")}
    assert [config["config_name"] for config in header["configs"] if config.get("default")] == ["images"]
    assert len(pd.read_parquet(tmp_path / tables["images"])) == 2 * 5
    assert "2 methods on 5 photos" in text


def test_a_name_from_outside_is_shown_literally(maker, tmp_path):
    results = maker.run(methods=("gray",))
    odd = {**results.run.dataset, "name": "folder:a\n---\n# b: <img>\x1b"}
    text = write_card(replace(results, run=replace(results.run, dataset=odd)), tmp_path).read_text()
    header = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)[1]
    assert set(yaml.safe_load(header)) >= {"configs", "pretty_name"}
    assert "<img>" not in text.replace(header, "")


def test_a_card_is_renewed_but_another_file_is_left_alone(maker, tmp_path):
    results = maker.run(methods=("gray",))
    write_card(results, tmp_path)
    write_card(results, tmp_path)
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(UserError, match="is not a card of ours"):
        write_card(results, tmp_path)
