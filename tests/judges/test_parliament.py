"""parliament, a linter of IAM policies, over every policy of the stack."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.judges.installed import find_program
from tests.judges.stack_documents import PARAMETERS, list_documents

# What parliament does not know of the two kinds of policy that have no resource of their own to name. AWS's
# documentation: "Resource" is not an element of a trust policy, and is "*", the key itself, in a key policy.
UNDERSTOOD = {("AssumeRolePolicyDocument", "MALFORMED"), ("KeyPolicy", "RESOURCE_STAR")}
NO_RESOURCE = "Statement contains neither Resource nor NotResource"

Finding = tuple[str, str, str]


def run_parliament(folder: Path, documents: dict[str, Any]) -> list[Finding]:
    """Return the file, the issue and the detail of each finding."""
    parliament = find_program("parliament")
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document, indent=1))
    command = [str(parliament), "--directory", str(folder), "--json"]
    completed = subprocess.run(command, capture_output=True, text=True, timeout=60)  # noqa: S603
    assert "Traceback" not in completed.stderr, completed.stderr
    found = map(json.loads, completed.stdout.splitlines())
    return [(Path(one["location"]["filepath"]).stem, one["issue"], str(one["detail"])) for one in found]


def is_understood(finding: Finding) -> bool:
    file, issue, detail = finding
    kind = file.rpartition("-")[2]
    return (kind, issue) in UNDERSTOOD and (issue != "MALFORMED" or detail == NO_RESOURCE)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_parliament_finds_nothing_in_any_policy(parameters: str, tmp_path: Path) -> None:
    documents = list_documents(**PARAMETERS[parameters])
    assert len(documents) >= 15
    found = run_parliament(tmp_path, {one.name: one.document for one in documents})
    assert [finding for finding in found if not is_understood(finding)] == []
    # Nothing that is accepted here is accepted in vain.
    assert {(file.rpartition("-")[2], issue) for file, issue, _ in found} == UNDERSTOOD


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        ({"Action": "s3:GetObjects"}, "UNKNOWN_ACTION"),
        ({"Condition": {"StringEquals": {"s3:prefix": "a"}}}, "UNKNOWN_CONDITION_FOR_ACTION"),
        ({"Condition": {"StringEqual": {"s3:ExistingObjectTag/a": "b"}}}, "UNKNOWN_OPERATOR"),
        ({"Resource": "arn:aws:s3:::bucket"}, "RESOURCE_MISMATCH"),
        ({"Resource": "arn:aws:s3::bucket"}, "INVALID_ARN"),
    ],
)
def test_parliament_notices_a_wrong_statement(change: dict[str, Any], issue: str, tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
    right, wrong = ({"Version": "2012-10-17", "Statement": [one]} for one in (statement, statement | change))
    found = run_parliament(tmp_path, {"right-Policy": right, "wrong-Policy": wrong})
    assert issue in {kind for _, kind, _ in found}
    assert {file for file, _, _ in found} == {"wrong-Policy"}
