"""A bucket that exists, with a policy and a notification of its own: added, checked, scanned, rescanned and removed.

It kept no versions and holds a thousand objects, one of which is a match.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.stack import EmbeddedCloud
from ops.guardctl.main import main
from ops.guardctl.target import connect_embedded
from tests.e2e.embedded import Pictures, read_results
from tests.ops.guardctl.existing_bucket import NAME, NOTIFICATION, POLICY
from tests.support.waiting import wait_until

COUNT = 1000
WHY = ("--reason", "a test", "--yes")
Guardctl = Callable[..., Any]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    """Run a stack that watches the bucket."""
    given = {"RateMarginMs": "1000", "Buckets": NAME}
    with EmbeddedCloud(rate=100.0, latency=0.0, parameters=given, log_dir=tmp_path_factory.mktemp("own")) as running:
        yield running


@pytest.fixture
def guardctl(own: EmbeddedCloud, capsys: pytest.CaptureFixture[str]) -> Guardctl:
    """Return a function that runs a command, and returns its code and its JSON."""
    target = connect_embedded(own.aws_endpoint_url, own.endpoints.region)

    def run(*arguments: str) -> Any:
        capsys.readouterr()
        code = main([*arguments, "--json"], lambda *_: target)
        out, err = capsys.readouterr()
        assert code in (0, 1), err
        return code, json.loads(out)

    return run


def is_readable(cloud: EmbeddedCloud, key: str, **more: str) -> bool:
    try:
        cloud.user_client("s3").get_object(Bucket=NAME, Key=key, **more)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "NoSuchKey", "NoSuchVersion"):
            raise
        return False
    return True


def status_of(cloud: EmbeddedCloud, key: str) -> str | None:
    found = read_results(cloud, f"{NAME}/{key}")
    return found[-1]["status"] if found else None


def count_results(cloud: EmbeddedCloud) -> int:
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=cloud.endpoints.results_table)
    items = [item for page in pages for item in page["Items"]]
    return sum(1 for item in items if "settled_at" in item and item["upload"]["S"].startswith(NAME))


def make(cloud: EmbeddedCloud, pictures: Pictures) -> None:
    """Make the bucket as a platform has it."""
    s3, owner = cloud.client("s3"), cloud.user_client("s3")
    s3.create_bucket(Bucket=NAME)
    cloud.user_client("sqs").create_queue(QueueName="thumbnails")
    owner.put_bucket_policy(Bucket=NAME, Policy=POLICY)
    owner.put_bucket_notification_configuration(Bucket=NAME, NotificationConfiguration=NOTIFICATION)
    for number in range(COUNT - 2):
        owner.put_object(Bucket=NAME, Key=f"old/{number:04}.txt", Body=b"words")
    owner.put_object(Bucket=NAME, Key="old/clean.jpg", Body=pictures["clean"])
    owner.put_object(Bucket=NAME, Key="old/match.jpg", Body=pictures["match"])


@pytest.mark.slow
def test_bucket_that_exists_is_guarded_and_given_back(
    own: EmbeddedCloud, guardctl: Guardctl, pictures: Pictures
) -> None:
    assert own.emulator
    own.emulator.clear_test_list()
    own.emulator.add_to_test_list(pictures["match"], match_id="m-1", violations=["A1"])
    make(own, pictures)
    user = own.user_client("s3")

    code, _ = guardctl("bucket", "check", NAME)
    assert code == 1, "nothing guards it yet"
    assert guardctl("bucket", "add", NAME, *WHY)[0] == 0
    assert not is_readable(own, "old/clean.jpg"), "nobody has looked at it"

    # From now on each upload is checked, and the owner's own notification goes on.
    for key in ("in/new.jpg", "in/match.jpg"):
        user.put_object(Bucket=NAME, Key=key, Body=pictures["clean" if key == "in/new.jpg" else "match"])
    assert wait_until(lambda: is_readable(own, "in/new.jpg"))
    assert wait_until(lambda: status_of(own, "in/match.jpg") == "QUARANTINED")
    assert not is_readable(own, "in/match.jpg")
    url = own.user_client("sqs").get_queue_url(QueueName="thumbnails")["QueueUrl"]
    assert own.user_client("sqs").receive_message(QueueUrl=url)["Messages"]

    # What was there before is version null, and gets its verdict and its tag.
    assert guardctl("backfill", "start", "--bucket", NAME, *WHY)[0] == 0
    own.invoke_async("OnFeedFunction", {})
    assert wait_until(lambda: count_results(own) == COUNT + 2, seconds=240)
    assert status_of(own, "old/match.jpg") == "QUARANTINED"
    assert not is_readable(own, "old/match.jpg", VersionId="null")
    assert is_readable(own, "old/clean.jpg", VersionId="null")
    assert is_readable(own, "old/0007.txt")
    code, found = guardctl("bucket", "check", NAME)
    assert code == 0, found

    assert guardctl("bucket", "remove", NAME, *WHY)[0] == 0
    assert user.get_bucket_policy(Bucket=NAME)["Policy"] == POLICY
    after = user.get_bucket_notification_configuration(Bucket=NAME)
    del after["ResponseMetadata"]
    assert after == NOTIFICATION
