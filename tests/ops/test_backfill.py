"""The backfill against moto: the messages on the backfill queue."""

import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from ops.backfill import main
from ops.versions import list_versions
from tests.ops.old_bucket import STACK, as_set, make_clients, make_keys, put_versions, receive_uploads, run_backfill


def test_each_version_is_sent_as_one_scan_job(s3: Any, sqs: Any, queue_url: str, bucket: str) -> None:
    uploads = put_versions(s3, bucket, *make_keys(13)) + put_versions(s3, bucket, "0003.jpg", "0003.jpg")
    assert run_backfill(queue_url, bucket) == 0
    sent = receive_uploads(sqs, queue_url)
    assert sorted(sent, key=lambda u: (u.key, u.version)) == sorted(uploads, key=lambda u: (u.key, u.version))


def test_version_below_a_delete_marker_is_sent_without_the_marker(
    s3: Any, sqs: Any, queue_url: str, bucket: str
) -> None:
    uploads = put_versions(s3, bucket, "deleted.jpg", "kept.jpg")
    s3.delete_object(Bucket=bucket, Key="deleted.jpg")
    assert run_backfill(queue_url, bucket) == 0
    assert as_set(receive_uploads(sqs, queue_url)) == as_set(uploads)


def test_current_only_leaves_out_overwritten_and_deleted_versions(
    s3: Any, sqs: Any, queue_url: str, bucket: str
) -> None:
    put_versions(s3, bucket, "deleted.jpg", "twice.jpg")
    s3.delete_object(Bucket=bucket, Key="deleted.jpg")
    newest = put_versions(s3, bucket, "twice.jpg")
    assert run_backfill(queue_url, bucket, "--current-only") == 0
    assert receive_uploads(sqs, queue_url) == newest


def test_only_keys_with_the_prefix_are_sent(s3: Any, sqs: Any, queue_url: str, bucket: str) -> None:
    put_versions(s3, bucket, "a/1.jpg", "c/1.jpg")
    wanted = put_versions(s3, bucket, "b b/1.jpg", "b b/2.jpg")
    assert run_backfill(queue_url, bucket, "--prefix", "b b/") == 0
    assert as_set(receive_uploads(sqs, queue_url)) == as_set(wanted)


def test_after_leaves_out_the_keys_up_to_it(s3: Any, sqs: Any, queue_url: str, bucket: str) -> None:
    uploads = put_versions(s3, bucket, *make_keys(30))
    assert run_backfill(queue_url, bucket, "--after", "0011.jpg") == 0
    assert as_set(receive_uploads(sqs, queue_url)) == as_set(uploads[12:])


def test_upload_without_a_version_is_pinned_by_its_etag(s3: Any, sqs: Any, queue_url: str, plain_bucket: str) -> None:
    uploads = put_versions(s3, plain_bucket, "one.jpg")
    assert list(list_versions(s3, plain_bucket)) == uploads
    assert run_backfill(queue_url, plain_bucket) == 0
    assert receive_uploads(sqs, queue_url) == uploads
    assert uploads[0].version == f"etag:{uploads[0].etag}"


def test_null_version_below_a_later_one_is_pinned_by_its_etag(
    s3: Any, sqs: Any, queue_url: str, plain_bucket: str
) -> None:
    old = put_versions(s3, plain_bucket, "one.jpg")
    s3.put_bucket_versioning(Bucket=plain_bucket, VersioningConfiguration={"Status": "Enabled"})
    new = put_versions(s3, plain_bucket, "one.jpg")
    assert run_backfill(queue_url, plain_bucket) == 0
    assert as_set(receive_uploads(sqs, queue_url)) == as_set(old + new)


def test_all_pages_of_the_listing_are_sent(
    s3: Any, sqs: Any, queue_url: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "4")
    uploads = put_versions(s3, bucket, *make_keys(11), *["0006.jpg"] * 7)
    assert run_backfill(queue_url, bucket) == 0
    assert as_set(receive_uploads(sqs, queue_url)) == as_set(uploads)


def test_progress_is_printed_every_10000_versions(capsys: pytest.CaptureFixture[str]) -> None:
    version = {"VersionId": "v", "IsLatest": True, "ETag": '"e"', "Size": 1}
    page = {"Versions": [version | {"Key": f"{number:05}"} for number in range(20_005)]}
    s3 = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: iter([page])))
    sqs = SimpleNamespace(
        get_queue_attributes=lambda **_: {"Attributes": {"MessageRetentionPeriod": "1209600"}},
        send_message_batch=lambda **arguments: {"Successful": arguments["Entries"]},
    )
    assert run_backfill("queue", "old", client=make_clients(s3=s3, sqs=sqs)) == 0
    output = capsys.readouterr()
    assert output.err.splitlines()[1:] == ["10,000 versions sent, up to 09999", "20,000 versions sent, up to 19999"]
    assert output.out.startswith(
        "20,005 versions sent. If all are pictures without a result, checking takes at least 33"
    )


def test_empty_bucket_sends_no_message(queue_url: str, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_backfill(queue_url, bucket) == 0
    assert capsys.readouterr().out.startswith("0 versions sent")


def test_queue_bucket_and_rate_are_read_from_the_stack(s3: Any, sqs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    parameters: list[Any] = [{"ParameterKey": "RatePerSecond", "ParameterValue": "0.1"}]
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName="guard", TemplateBody=json.dumps(STACK), Parameters=parameters)
    uploads = put_versions(s3, "of-stack", *make_keys(12))
    assert main(["--stack", "guard"]) == 0
    assert "12 versions sent. If all are pictures without a result, checking takes at least 2 min at 0.1 requests" in (
        capsys.readouterr().out
    )
    outputs = cloudformation.describe_stacks(StackName="guard")["Stacks"][0]["Outputs"]
    url = next(output["OutputValue"] for output in outputs if output["OutputKey"] == "BackfillQueueUrl")
    assert as_set(receive_uploads(sqs, url)) == as_set(uploads)


def test_bucket_option_replaces_the_bucket_of_the_stack(
    s3: Any, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("cloudformation").create_stack(StackName="guard", TemplateBody=json.dumps(STACK))
    put_versions(s3, bucket, "one.jpg")
    assert main(["--stack", "guard", "--bucket", bucket]) == 0
    assert capsys.readouterr().out.startswith("1 versions sent")


def test_help_says_that_a_run_may_be_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "a run may be repeated" in capsys.readouterr().out
