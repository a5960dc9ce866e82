def test_models_go_and_the_run_stays_as_it_is(bench, run):
    kept = {path for path in run.rglob("*") if path.relative_to(run).parts[0] not in ("models", "shared")}
    assert (run / "models").is_dir()
    code, output = bench("clean", run)
    assert code == 0
    assert output.startswith("freed ")
    assert set(run.rglob("*")) - {run / ".lock"} == kept - {run / ".lock"}
    assert bench("report", run)[0] == 0
    assert "freed 0 bytes" in bench("clean", run)[1]


def test_only_a_run_is_cleaned(bench, tmp_path):
    (tmp_path / "models").mkdir()
    code, output = bench("clean", tmp_path)
    assert code == 2
    assert "has no run.json" in output
    assert (tmp_path / "models").is_dir()
