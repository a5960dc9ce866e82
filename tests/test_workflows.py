"""GitHub's workflows and the action: they fit their schemas, and the action's script does what it says."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import huebench

ROOT = Path(huebench.__file__).parent
SCRIPT = ROOT / ".github" / "actions" / "post_comparison.py"

BENCH = """#!{python}
import json, os, sys
json.dump(sys.argv[1:], open("bench.json", "w"))
print(os.environ.get("COMPARISON", "psnr rose"))
sys.exit(int(os.environ.get("CODE", 0)))
"""

GH = """#!{python}
import json, os, sys
if "--paginate" in sys.argv:
    print(open("comments.jsonl").read(), end="")
    sys.exit()
if os.path.exists("refuse"):
    sys.exit("HTTP 403: Resource not accessible by integration")
json.dump([sys.argv[1:], sys.stdin.read()], open("gh.json", "w"))
print("https://github.example/comment/7")
"""


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.github-actions", "action.yml"), ("vendor.github-workflows", ".github/workflows/ci.yml")],
)
def test_a_file_fits_its_schema(schema, file, tmp_path):
    if find_spec("check_jsonschema") is None:
        pytest.skip("needs the extra 'dev'")

    def checked(path):
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked(ROOT / file).returncode == 0, checked(ROOT / file).stdout
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(re.sub("^(runs|jobs):", "runz:", (ROOT / file).read_text(), flags=re.MULTILINE))
    assert checked(wrong).returncode == 1


def test_the_action_gives_its_script_every_variable_that_it_reads():
    step = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][-1]
    assert step["run"] == 'python "$GITHUB_ACTION_PATH/.github/actions/post_comparison.py"'
    read = set(re.findall(r"""(?:given|os\.environ)(?:\.get\(|\[)["'](\w+)""", SCRIPT.read_text()))
    assert {name for name in read if not name.startswith("GITHUB_")} | {"GH_TOKEN"} == set(step["env"])


@pytest.fixture
def post(tmp_path):
    """Run the script beside a ``bench`` and a ``gh`` that write down how they were called."""
    for name, text in (("bench", BENCH), ("gh", GH)):
        (tmp_path / name).write_text(text.format(python=sys.executable))
        (tmp_path / name).chmod(0o755)
    (tmp_path / "comments.jsonl").touch()

    def run(**variables):
        given = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}", "BEFORE": "baseline", "AFTER": "runs/samples",
            "TITLE": "huebench", "GITHUB_REPOSITORY": "someone/something", "PULL_REQUEST": "12",
            "GITHUB_OUTPUT": "output.txt", "GITHUB_STEP_SUMMARY": "summary.md",
        }  # fmt: skip
        command = [sys.executable, SCRIPT]
        return subprocess.run(
            command, cwd=tmp_path, env=given | variables, capture_output=True, text=True, check=False
        )

    return run


def test_a_comparison_is_posted_as_a_comment_and_shown_in_the_summary(post, tmp_path):
    done = post()
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "bench.json").read_text()) == [
        "compare", "baseline", "runs/samples", "--format", "md",
    ]  # fmt: skip
    arguments, body = json.loads((tmp_path / "gh.json").read_text())
    assert arguments[:2] == ["api", "repos/someone/something/issues/12/comments"]
    assert body == "<!-- huebench comparison: huebench -->\n## huebench\n\npsnr rose\n"
    assert (tmp_path / "summary.md").read_text() == "## huebench\n\npsnr rose\n"
    assert (tmp_path / "output.txt").read_text() == "comment=https://github.example/comment/7\n"


def test_an_earlier_comment_of_the_same_title_is_replaced(post, tmp_path):
    bodies = ["thanks!", "<!-- huebench comparison: other -->", "<!-- huebench comparison: huebench -->\nold"]
    comments = [json.dumps({"id": number, "body": body}) for number, body in enumerate(bodies, start=5)]
    (tmp_path / "comments.jsonl").write_text("\n".join(comments))
    assert post().returncode == 0
    arguments, _ = json.loads((tmp_path / "gh.json").read_text())
    assert arguments[:4] == ["api", "--method", "PATCH", "repos/someone/something/issues/comments/7"]


def test_a_broken_limit_is_posted_and_fails_the_step(post, tmp_path):
    done = post(FAIL_ON="psnr:-0.2", CODE="1")
    assert done.returncode == 1
    assert json.loads((tmp_path / "bench.json").read_text())[-2:] == ["--fail-on", "psnr:-0.2"]
    assert (tmp_path / "gh.json").exists()


def test_a_comparison_that_cannot_be_made_posts_nothing(post, tmp_path):
    assert post(CODE="2").returncode == 2
    assert not (tmp_path / "gh.json").exists()


def test_without_a_pull_request_only_the_summary_is_written(post, tmp_path):
    assert post(PULL_REQUEST="").returncode == 0
    assert (tmp_path / "summary.md").exists()
    assert not (tmp_path / "gh.json").exists()


def test_a_token_that_may_not_write_is_a_warning(post, tmp_path):
    (tmp_path / "refuse").touch()
    done = post()
    assert done.returncode == 0
    assert "::warning::the comparison was not posted: HTTP 403" in done.stdout


def test_a_runner_without_the_command_gh_is_a_warning(post, tmp_path):
    (tmp_path / "gh").unlink()
    done = post(PATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "::warning::the comparison was not posted: the command 'gh' is not installed" in done.stdout


def test_a_long_comparison_is_cut_to_what_a_comment_holds(post, tmp_path):
    assert post(COMPARISON="x" * 70_000).returncode == 0
    _, body = json.loads((tmp_path / "gh.json").read_text())
    assert 64_000 < len(body) < 65_536
    assert "The summary of the workflow has all of it" in body
    assert len((tmp_path / "summary.md").read_text()) > 70_000
