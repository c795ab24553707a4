"""The errors that keep a backfill from starting: one line that says what to do."""

import json
from typing import Any

import boto3
import pytest

from ops.backfill import main
from tests.ops.old_bucket import STACK, run_backfill


def test_stack_without_a_backfill_queue_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    template = {name: part for name, part in STACK.items() if name != "Outputs"}
    boto3.client("cloudformation").create_stack(StackName="other", TemplateBody=json.dumps(template))
    assert main(["--stack", "other"]) == 1
    assert "backfill: The stack other has no output BackfillQueueUrl: " in capsys.readouterr().err


def read_only_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("Versions of ")]
    assert len(lines) == 1
    return lines[0]


def test_missing_stack_is_reported_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "nowhere"]) == 1
    assert read_only_line(capsys).startswith("backfill: There is no stack nowhere in us-east-1. Check --stack")


def test_missing_bucket_is_reported_in_one_line(queue_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_backfill(queue_url, "nowhere") == 1
    assert read_only_line(capsys).endswith("Check the bucket's name, the account and the region.")


def test_invalid_bucket_name_is_reported_in_one_line(queue_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_backfill(queue_url, "s3://old/") == 1
    assert 'Invalid bucket name "s3://old/"' in read_only_line(capsys)


def test_missing_queue_is_reported_in_one_line(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_backfill("https://sqs.us-east-1.amazonaws.com/123456789012/none", bucket) == 1
    assert read_only_line(capsys).endswith("Check the queue's URL, the account and the region.")


def test_missing_credentials_are_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    session: Any = boto3.Session()
    assert main(["--stack", "guard"], session.client) == 1
    assert read_only_line(capsys) == "backfill: Unable to locate credentials. Log in first, or set AWS_PROFILE."


def test_invalid_endpoint_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    assert main(["--stack", "guard"]) == 1
    assert "Invalid endpoint: nonsense" in read_only_line(capsys)


@pytest.mark.parametrize("arguments", [[], ["--bucket", "old"], ["--queue-url", "http://127.0.0.1/1/q"]])
def test_call_without_a_target_names_the_missing_options(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "give --stack, or --queue-url and --bucket" in capsys.readouterr().err
