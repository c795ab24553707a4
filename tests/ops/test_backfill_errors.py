"""What keeps a backfill from starting is one line, and says what to do."""

import json
from typing import Any

import boto3
import pytest

from ops.backfill import main
from tests.ops.old_bucket import STACK, backfill


def test_a_stack_without_a_backfill_lane_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    template = {name: part for name, part in STACK.items() if name != "Outputs"}
    boto3.client("cloudformation").create_stack(StackName="other", TemplateBody=json.dumps(template))
    assert main(["--stack", "other"]) == 1
    assert "backfill: The stack other has no output BackfillQueueUrl: " in capsys.readouterr().err


def only_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("Versions of ")]
    assert len(lines) == 1
    return lines[0]


def test_a_stack_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "nowhere"]) == 1
    assert only_line(capsys).startswith("backfill: There is no stack nowhere in us-east-1. Check --stack")


def test_a_bucket_that_is_not_there_is_one_line(queue_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert backfill(queue_url, "nowhere") == 1
    assert only_line(capsys).endswith("Check the bucket's name, the account and the region.")


def test_a_bucket_that_cannot_be_one_is_one_line(queue_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert backfill(queue_url, "s3://old/") == 1
    assert 'Invalid bucket name "s3://old/"' in only_line(capsys)


def test_a_queue_that_is_not_there_is_one_line(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert backfill("https://sqs.us-east-1.amazonaws.com/123456789012/none", bucket) == 1
    assert only_line(capsys).endswith("Check the queue's URL, the account and the region.")


def test_missing_credentials_are_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    fresh = boto3.Session()
    assert main(["--stack", "guard"], fresh.client) == 1
    assert only_line(capsys) == "backfill: Unable to locate credentials. Log in first, or set AWS_PROFILE."


def test_an_endpoint_that_is_none_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    assert main(["--stack", "guard"]) == 1
    assert "Invalid endpoint: nonsense" in only_line(capsys)


@pytest.mark.parametrize("arguments", [[], ["--bucket", "old"], ["--queue-url", "http://127.0.0.1/1/q"]])
def test_a_call_without_a_target_says_what_to_give(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "give --stack, or --queue-url and --bucket" in capsys.readouterr().err
