"""The stack that guardctl works on, and the errors of a call that names none."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ChecksumError, IncompleteReadError

from ops.errors import CannotProceedError
from ops.guardctl import target as targets
from ops.guardctl.break_glass import break_glass_clients, mfa_arguments
from ops.guardctl.main import main
from ops.guardctl.target import connect, session_name
from tests.support.moto_aws import SESSION

TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Operator": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "operator",
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
            },
        }
    },
    "Outputs": {"OperatorRoleArn": {"Value": {"Fn::GetAtt": ["Operator", "Arn"]}}},
}


def test_deployed_stack_is_operated_by_its_role(aws: None) -> None:
    SESSION.client("cloudformation").create_stack(StackName="guard", TemplateBody=json.dumps(TEMPLATE))
    found = connect("guard", None, "us-east-1")
    assert found.who == SESSION.client("sts").get_caller_identity()["Arn"]
    assumed = found.client("sts").get_caller_identity()["Arn"]
    assert assumed.endswith(f":assumed-role/operator/{session_name(found.who)}")


def deploy_with_break_glass() -> None:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": TEMPLATE["Resources"]["Operator"]["Properties"] | {"RoleName": "glass"},
    }
    output = {"BreakGlassRoleArn": {"Value": {"Fn::GetAtt": ["Glass", "Arn"]}}}
    template = {"Resources": TEMPLATE["Resources"] | {"Glass": role}, "Outputs": TEMPLATE["Outputs"] | output}
    SESSION.client("cloudformation").create_stack(StackName="guard", TemplateBody=json.dumps(template))


def test_break_glass_role_is_taken_by_the_callers_own_credentials(aws: None) -> None:
    deploy_with_break_glass()
    found = connect("guard", None, "us-east-1")
    identity = break_glass_clients(found)("sts").get_caller_identity()["Arn"]
    assert identity.endswith(f":assumed-role/glass/{session_name(found.who)}")


def test_profile_with_a_second_factor_gives_its_code(
    aws: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deploy_with_break_glass()
    config = tmp_path / "config"
    keys = "aws_access_key_id = testing\naws_secret_access_key = testing\n"
    config.write_text(f"[profile ann]\n{keys}mfa_serial = arn:aws:iam::123456789012:mfa/ann\n"
                      "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = ann\n"
                      "mfa_serial = arn:aws:iam::123456789012:mfa/ann\n")  # fmt: skip
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("GUARDCTL_MFA_CODE", "123456")
    asked = mfa_arguments(boto3.Session(profile_name="ann"))
    assert asked == {"SerialNumber": "arn:aws:iam::123456789012:mfa/ann", "TokenCode": "123456"}
    assert mfa_arguments(boto3.Session(profile_name="role")) == {}, (
        "botocore asks for it as it takes the profile's role"
    )
    assert mfa_arguments(boto3.Session()) == {}
    monkeypatch.delenv("GUARDCTL_MFA_CODE")
    with pytest.raises(CannotProceedError, match="GUARDCTL_MFA_CODE"):
        break_glass_clients(connect("guard", "ann", "us-east-1"))


def test_truncated_answer_is_an_error_and_no_empty_list(aws: None) -> None:
    """A cut JSON body is one without fields to botocore, as though nothing waited."""
    SESSION.client("cloudformation").create_stack(StackName="guard", TemplateBody=json.dumps(TEMPLATE))
    client = connect("guard", None, "us-east-1").client("dynamodb")

    def cut(response_dict: dict[str, Any], **_: Any) -> None:
        whole = response_dict["body"]
        response_dict |= {"headers": {"content-length": str(len(whole))}, "body": whole[:-1]}

    client.meta.events.register_first("before-parse.*.*", cut)
    with pytest.raises((IncompleteReadError, ChecksumError)):
        client.list_tables()


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::1:user/ann", "ann"),
        ("arn:aws:sts::1:assumed-role/AWSReservedSSO_x/ann@example.org", "AWSReservedSSO_x-ann@example.org"),
        ("arn:aws:iam::1:root", "operator"),
        ("arn:aws:iam::1:user/" + "a" * 100, "a" * 64),
    ],
)
def test_session_is_named_after_the_caller(arn: str, name: str) -> None:
    assert session_name(arn) == name


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(arguments)
    return code, capsys.readouterr().err


def test_unknown_stack_is_named_in_one_line(aws: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, err = run(capsys, "--stack", "nosuch", "--region", "us-east-1", "status")
    assert (code, err.count("\n")) == (2, 1)
    assert "There is no stack nosuch in us-east-1" in err


def test_stack_of_an_earlier_version_is_named_in_one_line(aws: None, capsys: pytest.CaptureFixture[str]) -> None:
    template: dict[str, Any] = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    SESSION.client("cloudformation").create_stack(StackName="old", TemplateBody=json.dumps(template))
    code, err = run(capsys, "--stack", "old", "--region", "us-east-1", "status")
    assert (code, err.count("\n")) == (2, 1)
    assert "OperatorRoleArn" in err


@pytest.mark.parametrize(
    "content", [None, "no JSON", "{}", '{"aws_endpoint_url": "http://127.0.0.1:9", "region": "us-east-1"}']
)
def test_without_a_stack_and_an_embedded_cloud_the_call_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    monkeypatch.delenv("GUARDCTL_STACK", raising=False)
    place = tmp_path / "endpoints.json"
    if content is not None:
        place.write_text(content, encoding="utf-8")
    monkeypatch.setattr(targets, "ENDPOINTS", place)
    code, err = run(capsys, "status")
    assert (code, err.count("\n")) == (2, 1)
    assert "make up" in err


def test_missing_credentials_and_region_are_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    assert run(capsys, "--stack", "guard", "status")[0] == 2
    code, err = run(capsys, "--stack", "guard", "--region", "us-east-1", "status")
    assert (code, err.count("\n")) == (2, 1)
    assert "Log in first" in err
    assert run(capsys, "--stack", "guard", "--profile", "nosuch", "status")[0] == 2
