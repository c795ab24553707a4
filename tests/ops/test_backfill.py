"""python -m ops.backfill against moto: what is put on the backfill queue."""

import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from ops.backfill import main
from ops.versions import list_versions
from tests.ops.old_bucket import STACK, as_set, backfill, clients, keys, on_queue, put


def test_each_version_is_one_message_that_the_scanner_reads(s3: Any, sqs: Any, queue_url: str, bucket: str) -> None:
    uploads = put(s3, bucket, *keys(13)) + put(s3, bucket, "0003.jpg", "0003.jpg")
    assert backfill(queue_url, bucket) == 0
    sent = on_queue(sqs, queue_url)
    assert sorted(sent, key=lambda u: (u.key, u.version)) == sorted(uploads, key=lambda u: (u.key, u.version))


def test_a_delete_marker_is_no_version_and_what_lies_below_it_is(
    s3: Any, sqs: Any, queue_url: str, bucket: str
) -> None:
    uploads = put(s3, bucket, "deleted.jpg", "kept.jpg")
    s3.delete_object(Bucket=bucket, Key="deleted.jpg")
    assert backfill(queue_url, bucket) == 0
    assert as_set(on_queue(sqs, queue_url)) == as_set(uploads)


def test_current_only_leaves_out_what_is_overwritten_or_deleted(s3: Any, sqs: Any, queue_url: str, bucket: str) -> None:
    put(s3, bucket, "deleted.jpg", "twice.jpg")
    s3.delete_object(Bucket=bucket, Key="deleted.jpg")
    newest = put(s3, bucket, "twice.jpg")
    assert backfill(queue_url, bucket, "--current-only") == 0
    assert on_queue(sqs, queue_url) == newest


def test_only_keys_with_the_prefix_are_sent(s3: Any, sqs: Any, queue_url: str, bucket: str) -> None:
    put(s3, bucket, "a/1.jpg", "c/1.jpg")
    wanted = put(s3, bucket, "b b/1.jpg", "b b/2.jpg")
    assert backfill(queue_url, bucket, "--prefix", "b b/") == 0
    assert as_set(on_queue(sqs, queue_url)) == as_set(wanted)


def test_after_starts_behind_that_key(s3: Any, sqs: Any, queue_url: str, bucket: str) -> None:
    uploads = put(s3, bucket, *keys(30))
    assert backfill(queue_url, bucket, "--after", "0011.jpg") == 0
    assert as_set(on_queue(sqs, queue_url)) == as_set(uploads[12:])


def test_an_etag_pins_what_has_no_version(s3: Any, sqs: Any, queue_url: str, plain_bucket: str) -> None:
    uploads = put(s3, plain_bucket, "one.jpg")
    assert list(list_versions(s3, plain_bucket)) == uploads
    assert backfill(queue_url, plain_bucket) == 0
    assert on_queue(sqs, queue_url) == uploads
    assert uploads[0].version == f"etag:{uploads[0].etag}"


def test_the_null_version_below_a_later_one_is_pinned_by_its_etag(
    s3: Any, sqs: Any, queue_url: str, plain_bucket: str
) -> None:
    old = put(s3, plain_bucket, "one.jpg")
    s3.put_bucket_versioning(Bucket=plain_bucket, VersioningConfiguration={"Status": "Enabled"})
    new = put(s3, plain_bucket, "one.jpg")
    assert backfill(queue_url, plain_bucket) == 0
    assert as_set(on_queue(sqs, queue_url)) == as_set(old + new)


def test_all_pages_of_the_listing_are_sent(
    s3: Any, sqs: Any, queue_url: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "4")
    uploads = put(s3, bucket, *keys(11), *["0006.jpg"] * 7)
    assert backfill(queue_url, bucket) == 0
    assert as_set(on_queue(sqs, queue_url)) == as_set(uploads)


def test_progress_is_told_every_10000_versions(capsys: pytest.CaptureFixture[str]) -> None:
    version = {"VersionId": "v", "IsLatest": True, "ETag": '"e"', "Size": 1}
    page = {"Versions": [version | {"Key": f"{number:05}"} for number in range(20_005)]}
    s3 = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: iter([page])))
    sqs = SimpleNamespace(
        get_queue_attributes=lambda **_: {"Attributes": {"MessageRetentionPeriod": "1209600"}},
        send_message_batch=lambda **arguments: {"Successful": arguments["Entries"]},
    )
    assert backfill("queue", "old", client=clients(s3=s3, sqs=sqs)) == 0
    told = capsys.readouterr()
    assert told.err.splitlines()[1:] == ["10,000 versions sent, up to 09999", "20,000 versions sent, up to 19999"]
    assert told.out.startswith("20,005 versions sent. If all are pictures without a result, checking takes at least 33")


def test_an_empty_bucket_sends_nothing(queue_url: str, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert backfill(queue_url, bucket) == 0
    assert capsys.readouterr().out.startswith("0 versions sent")


def test_the_stack_says_which_queue_which_bucket_and_which_rate(
    s3: Any, sqs: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters = [{"ParameterKey": "RatePerSecond", "ParameterValue": "0.1"}]
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName="guard", TemplateBody=json.dumps(STACK), Parameters=parameters)
    uploads = put(s3, "of-stack", *keys(12))
    assert main(["--stack", "guard"]) == 0
    assert "12 versions sent. If all are pictures without a result, checking takes at least 2 min at 0.1 requests" in (
        capsys.readouterr().out
    )
    outputs = cloudformation.describe_stacks(StackName="guard")["Stacks"][0]["Outputs"]
    url = next(output["OutputValue"] for output in outputs if output["OutputKey"] == "BackfillQueueUrl")
    assert as_set(on_queue(sqs, url)) == as_set(uploads)


def test_another_bucket_than_the_stacks_can_be_named(s3: Any, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    boto3.client("cloudformation").create_stack(StackName="guard", TemplateBody=json.dumps(STACK))
    put(s3, bucket, "one.jpg")
    assert main(["--stack", "guard", "--bucket", bucket]) == 0
    assert capsys.readouterr().out.startswith("1 versions sent")


def test_the_help_says_that_a_run_may_be_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "a run may be repeated" in capsys.readouterr().out
