"""The import of what an earlier stack left: the template and the list of resources that CloudFormation gets."""

import json
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_all

from ops.adopt import main
from ops.adoption import build_import_template, build_resources_to_import, find_importable, iter_references
from tests.support.template import PARAMETERS, RESOURCES, TEMPLATE

NAMES = {
    "UploadBucket": "uploads-1",
    "QuarantineBucket": "quarantine-1",
    "ResultsTable": "results-1",
    "OperationsTable": "operations-1",
    "QuarantineKey": "11111111-2222-3333-4444-555555555555",
    "BreakGlassRole": "break-glass-1",
}
LEFT = [*NAMES, "UploadBucketPolicy", "QuarantineBucketPolicy"]


class FakeCloudFormation:
    """Answers for a stack that was deleted, and left these resources."""

    def __init__(self, status: str = "DELETE_SKIPPED") -> None:
        self._status = status

    def describe_stack_resources(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        left = [
            {"LogicalResourceId": name, "PhysicalResourceId": physical, "ResourceStatus": self._status}
            for name, physical in NAMES.items()
        ]
        gone = {"LogicalResourceId": "RetryQueue", "PhysicalResourceId": "q", "ResourceStatus": "DELETE_COMPLETE"}
        return {"StackResources": [*left, gone]}


def test_everything_that_outlives_the_stack_is_imported_but_the_roles_own_policy() -> None:
    kept = {name for name, resource in RESOURCES.items() if "DeletionPolicy" in resource}
    assert set(find_importable(TEMPLATE)) == set(LEFT)
    assert kept - set(LEFT) == {"BreakGlassPolicy"}, "CloudFormation imports no AWS::IAM::Policy, and puts it anew"


def test_import_template_refers_to_nothing_that_it_lacks() -> None:
    built = build_import_template(TEMPLATE)
    references = {name for name in iter_references(built["Resources"]) if not name.startswith("AWS")}
    assert references <= built["Resources"].keys() | PARAMETERS.keys()
    assert "Transform" not in built
    assert all(resource["DeletionPolicy"] for resource in built["Resources"].values())


def test_import_template_describes_what_is_imported_as_the_stack_does() -> None:
    """The next deployment would replace a resource whose create-only properties differ, or make its indexes anew."""
    built = build_import_template(TEMPLATE)["Resources"]
    for name in ("UploadBucket", "QuarantineBucket", "ResultsTable", "OperationsTable", "BreakGlassRole"):
        assert built[name] == RESOURCES[name]


def test_imported_policies_still_deny_and_allow() -> None:
    """An import puts no policy. Should it, then none that is open."""
    built = build_import_template(TEMPLATE)["Resources"]
    sids = {s["Sid"] for s in built["QuarantineBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]}
    assert sids >= {"DenyReadingExceptBreakGlass", "DenyUnlockingAndDeletingExceptBreakGlass"}
    key = {s["Sid"] for s in built["QuarantineKey"]["Properties"]["KeyPolicy"]["Statement"]}
    assert key == {"AllowAccountToManageWithoutDecrypting", "AllowBreakGlassToDecrypt"}


def test_cfn_lint_accepts_the_import_template() -> None:
    text = json.dumps(build_import_template(TEMPLATE))
    # Warnings say that the whole stack's parameters and conditions are there, and not all are used.
    assert [match for match in lint_all(text) if match.rule.id.startswith("E")] == []


def test_import_template_is_short_enough_to_be_sent_without_a_bucket(tmp_path: Path) -> None:
    """CreateChangeSet takes 51,200 bytes of TemplateBody."""
    given = [f"{name}={physical}" for name, physical in NAMES.items()]
    assert main(["--stack", "new", "--folder", str(tmp_path), *given]) == 0
    assert (tmp_path / "template.json").stat().st_size < 51_200


def test_each_resource_is_named_by_its_identifier() -> None:
    listed = {one["LogicalResourceId"]: one for one in build_resources_to_import(TEMPLATE, NAMES)}
    assert listed["ResultsTable"]["ResourceIdentifier"] == {"TableName": "results-1"}
    assert listed["QuarantineBucketPolicy"]["ResourceIdentifier"] == {"Bucket": "quarantine-1"}
    assert listed["QuarantineKey"]["ResourceIdentifier"] == {"KeyId": NAMES["QuarantineKey"]}
    assert set(listed) == set(LEFT)


def test_names_are_read_from_the_deleted_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--stack", "new", "--from", "arn:old", "--folder", str(tmp_path)]
    assert main(arguments, FakeCloudFormation()) == 0  # type: ignore[arg-type]
    resources = json.loads((tmp_path / "resources.json").read_text())
    assert {one["LogicalResourceId"] for one in resources} == set(LEFT)
    assert json.loads((tmp_path / "template.json").read_text()) == json.loads(
        json.dumps(build_import_template(TEMPLATE))
    )
    assert "--change-set-type IMPORT" in capsys.readouterr().out


def test_names_are_given_instead_of_a_stack(tmp_path: Path) -> None:
    given = [f"{name}={physical}" for name, physical in NAMES.items()]
    assert main(["--stack", "new", "--folder", str(tmp_path), *given]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "arn:old"], "left nothing"),
        (["ResultsTable=results-1"], "QuarantineKey"),
        (["RetryQueue=q"], "RetryQueue is not one of"),
    ],
)
def test_missing_name_stops_the_command(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = FakeCloudFormation("DELETE_COMPLETE")
    assert main(["--stack", "new", "--folder", str(tmp_path), *arguments], client) == 1  # type: ignore[arg-type]
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
