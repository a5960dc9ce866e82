"""Compares two runs and posts the comparison on a pull request; ``action.yml`` runs it.

Its arguments are environment variables, those of ``action.yml``. The exit code is that of ``bench compare``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

LONGEST_COMMENT = 65_000
"""Most characters of a comment; GitHub takes 65,536."""

CUT = "\n\n*The rest is left out: a comment can hold no more. The summary of the workflow has all of it.*\n"


def main() -> None:
    """Compare, then write the step's summary and the comment."""
    given = os.environ
    limits = ["--fail-on", given["FAIL_ON"]] if given.get("FAIL_ON") else []
    command = ["bench", "compare", given["BEFORE"], given["AFTER"], "--format", "md", *limits]
    compared = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603  # its own arguments
    if compared.returncode > 1:  # the error is printed
        sys.exit(compared.returncode)
    text = f"## {given['TITLE']}\n\n{compared.stdout}"
    print(text)
    _append(given.get("GITHUB_STEP_SUMMARY"), text)
    if given.get("PULL_REQUEST"):
        _append(given.get("GITHUB_OUTPUT"), f"comment={_post(text)}\n")
    sys.exit(compared.returncode)


def _post(text: str) -> str:
    """Write a comment, in the place of an earlier one with the same title; return its address."""
    repository, number = os.environ["GITHUB_REPOSITORY"], os.environ["PULL_REQUEST"]
    mark = f"<!-- huebench comparison: {os.environ['TITLE']} -->"
    comments = f"repos/{repository}/issues/{number}/comments"
    body = f"{mark}\n" + (text if len(text) <= LONGEST_COMMENT else text[: LONGEST_COMMENT - len(CUT)] + CUT)
    try:
        listed = _gh("--paginate", comments, "--jq", ".[] | {id, body} | @json").splitlines()
        known = [each["id"] for each in map(json.loads, listed) if each["body"].startswith(mark)]
        where = (
            ["--method", "PATCH", f"repos/{repository}/issues/comments/{known[0]}"] if known else [comments]
        )
        return _gh(*where, "--field", "body=@-", "--jq", ".html_url", given=body).strip()
    except subprocess.CalledProcessError as error:  # such as a fork's token, which may not write
        reason = error.stderr.strip()
    except FileNotFoundError:  # a runner of one's own may lack it
        reason = "the command 'gh' is not installed here; see https://cli.github.com"
    print(f"::warning::the comparison was not posted: {reason}")
    return ""


def _gh(*arguments: str, given: str = "") -> str:
    command = ["gh", "api", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout  # noqa: S603


def _append(path: str | None, text: str) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


main()
