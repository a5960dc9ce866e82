import re

import pytest

from huebench import UserError
from huebench.bench.executors.cluster_file import ClusterFile

pytest.importorskip("yaml", reason="needs the extra 'cluster'")


def test_a_file_names_class_options_and_jobs(tmp_path):
    path = tmp_path / "cluster.yaml"
    path.write_text("cluster: SLURMCluster\njobs: 8\noptions: {cores: 1}\n")
    read = ClusterFile.read(path)
    assert (read.cluster, read.options, read.jobs) == ("SLURMCluster", {"cores": 1}, 8)
    path.write_text("cluster: LocalCluster\noptions:\n")
    read = ClusterFile.read(path)
    assert (read.options, read.jobs) == ({}, None)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("SLURMCluster", "a mapping was expected, not 'SLURMCluster'"),
        ("- cluster: SLURMCluster", "a mapping was expected, not a list"),
        ("", "the file is empty"),
        ("cluster: [a]", "'cluster' must be a name, not a list"),
        ("cluster: a\noptions: 3", "'options' must be a mapping, not '3'"),
        ("cluster: a\njobs: many", "'jobs' must be a number from 1, not 'many'"),
        ("cluster: a\njobs: 0", "'jobs' must be a number from 1, not '0'"),
        ("cluster: a\nworkers: 2", "unknown key 'workers'; known: cluster, jobs, options"),
        ("cluster: {", "not YAML: "),
        (b"\xff\xfe\xff", "not YAML: "),
    ],
)
def test_the_fault_of_a_file_and_how_it_must_look_are_one_line(tmp_path, content, fault):
    path = tmp_path / "cluster.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    message = rf"^--cluster .*cluster\.yaml: {re.escape(fault)}.*; write a line 'cluster: SLURMCluster'"
    with pytest.raises(UserError, match=message) as error:
        ClusterFile.read(path)
    assert "\n" not in str(error.value)
    assert "Error:" not in str(error.value)
