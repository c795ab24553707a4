"""guardctl on the embedded cloud, with the operator's role: it may do what its policy permits, and no more."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.stack import EmbeddedCloud
from ops.guardctl.main import main
from ops.guardctl.target import connect_embedded
from photodna_guard.aws.retry_queue import RetryQueue
from photodna_guard.domain.models import ScanJob, Upload
from tests.e2e.embedded import Pictures, read_results
from tests.support.waiting import wait_until

WHY = ("--reason", "a test", "--yes")
Guardctl = Callable[..., Any]


@pytest.fixture
def guardctl(cloud: EmbeddedCloud, calm: None, known: None, capsys: pytest.CaptureFixture[str]) -> Guardctl:
    """Return a function that runs a command and returns its JSON."""
    target = connect_embedded(cloud.aws_endpoint_url, cloud.endpoints.region)

    def run(*arguments: str) -> Any:
        capsys.readouterr()
        code = main([*arguments, "--json"], lambda *_: target)
        out, err = capsys.readouterr()
        assert code == 0, err
        return json.loads(out)

    return run


def put(cloud: EmbeddedCloud, key: str, body: bytes) -> str:
    cloud.client("s3").put_object(Bucket=cloud.endpoints.upload_bucket, Key=key, Body=body)
    return f"s3://{cloud.endpoints.upload_bucket}/{key}"


def status_of(cloud: EmbeddedCloud, uri: str) -> str | None:
    found = read_results(cloud, uri.removeprefix("s3://"))
    return found[-1]["status"] if found else None


def test_upload_waits_during_a_pause_and_goes_on_within_seconds(
    cloud: EmbeddedCloud, guardctl: Guardctl, pictures: Pictures
) -> None:
    guardctl("pause", *WHY)
    uri = put(cloud, "guardctl/paused.jpg", pictures["clean"])
    assert wait_until(lambda: status_of(cloud, uri) == "DEFERRED")
    paused = guardctl("status", "--sample", "0.5")
    assert (paused["is_sending"], paused["rate_per_second"]) == (False, 0)
    assert paused["state"].endswith("a test")
    assert wait_until(lambda: guardctl("status", "--sample", "0.5")["waiting"]["retry"]["messages"] >= 1)

    guardctl("resume", *WHY)
    # A message that waits in a pause is looked at again after 10 s at most, and a batch waits for another second.
    assert wait_until(lambda: status_of(cloud, uri) == "CLEAN", seconds=15)
    assert guardctl("status", "--sample", "0.5")["state"] == "running"
    assert [entry["action"] for entry in guardctl("journal", "--count", "2")] == ["resume", "pause"]


def test_rescan_finds_a_picture_that_has_become_known(
    cloud: EmbeddedCloud, guardctl: Guardctl, pictures: Pictures
) -> None:
    uri = put(cloud, "guardctl/later known.jpg", pictures["other"])
    assert wait_until(lambda: status_of(cloud, uri) == "CLEAN")
    assert cloud.emulator
    cloud.emulator.add_to_test_list(pictures["other"], match_id="m-2", violations=["B1"])
    guardctl("rescan", uri, *WHY)
    assert wait_until(lambda: status_of(cloud, uri) == "QUARANTINED")
    (shown,) = guardctl("show", uri)
    assert (shown["matches"][0]["source"], shown["quarantine_key"] != "") == ("Test", True)


def test_rescan_replaces_a_clean_result_once(cloud: EmbeddedCloud, guardctl: Guardctl, pictures: Pictures) -> None:
    uri = put(cloud, "guardctl/again.jpg", pictures["clean"])
    assert wait_until(lambda: status_of(cloud, uri) == "CLEAN")
    (before,) = guardctl("show", uri)
    guardctl("rescan", uri, *WHY)
    assert wait_until(lambda: guardctl("show", uri)[0].get("settled_at", "") > before["settled_at"])
    (after,) = guardctl("show", uri)
    assert (after["status"], after["attempts"]) == ("CLEAN", before["attempts"] + 1)


def test_unscannable_upload_is_on_the_list_until_it_is_acknowledged(cloud: EmbeddedCloud, guardctl: Guardctl) -> None:
    uri = put(cloud, "guardctl/tiny.png", b"\x89PNG\r\n\x1a\n" + bytes(60))
    assert wait_until(lambda: status_of(cloud, uri) == "UNSCANNABLE")

    def listed() -> list[str]:
        return [f"s3://{item['upload']}" for item in guardctl("attention", "--status", "unscannable", "--count", "999")]

    assert wait_until(lambda: uri in listed())
    guardctl("ack", uri, *WHY)
    assert uri not in listed()
    (shown,) = guardctl("show", uri)
    assert (shown["status"], shown["acknowledged"]["reason"]) == ("UNSCANNABLE", "a test")


def may_read(cloud: EmbeddedCloud, uri: str) -> bool:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        cloud.client_of("user", "s3").get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


def test_unscannable_upload_is_readable_while_it_is_allowed(cloud: EmbeddedCloud, guardctl: Guardctl) -> None:
    uri = put(cloud, "guardctl/allowed.png", b"\x89PNG\r\n\x1a\n" + bytes(60))
    assert wait_until(lambda: status_of(cloud, uri) == "UNSCANNABLE")
    assert not may_read(cloud, uri)
    assert guardctl("allow", uri, *WHY)["state"] == "taken up"
    assert may_read(cloud, uri)
    # A new check keeps the decision.
    (before,) = guardctl("show", uri)
    guardctl("rescan", uri, *WHY)
    assert wait_until(lambda: guardctl("show", uri)[0].get("settled_at", "") > before["settled_at"])
    assert may_read(cloud, uri)
    guardctl("deny", uri, *WHY)
    assert not may_read(cloud, uri)


def test_clean_upload_that_is_denied_stays_unreadable(
    cloud: EmbeddedCloud, guardctl: Guardctl, pictures: Pictures
) -> None:
    uri = put(cloud, "guardctl/denied.jpg", pictures["clean"])
    assert wait_until(lambda: status_of(cloud, uri) == "CLEAN" and may_read(cloud, uri))
    assert guardctl("deny", uri, *WHY)["state"] == "taken up"
    assert not may_read(cloud, uri)
    (before,) = guardctl("show", uri)
    guardctl("rescan", uri, *WHY)
    assert wait_until(lambda: guardctl("show", uri)[0].get("settled_at", "") > before["settled_at"])
    assert not may_read(cloud, uri)
    guardctl("allow", uri, *WHY)
    assert may_read(cloud, uri)


def test_match_is_exported_as_a_case_with_its_picture(
    cloud: EmbeddedCloud, guardctl: Guardctl, pictures: Pictures, tmp_path: Path
) -> None:
    assert cloud.emulator
    cloud.emulator.clear_test_list()
    cloud.emulator.add_to_test_list(pictures["match"], source="Emulated", match_id="m-7", violations=["A1"])
    uri = put(cloud, "guardctl/case.jpg", pictures["match"])
    assert wait_until(lambda: status_of(cloud, uri) == "QUARANTINED")
    assert not {"picture", "evidence-locked.json"} & set(
        guardctl("case", "export", uri, "--to", str(tmp_path / "case"), *WHY)["files"]
    )
    found = guardctl("case", "export", uri, "--with-picture", "--to", str(tmp_path / "with"), *WHY)
    assert (found["has_picture"], found["differences"]) == (True, [])
    (picture,) = (tmp_path / "with").glob("picture-*")
    assert picture.read_bytes() == pictures["match"]
    assert guardctl("journal", "--count", "1")[0]["action"] == "case export with picture"


@pytest.mark.parametrize("filters", [(), ("--only-reason", "http-500")])
def test_failed_upload_is_checked_again_after_a_redrive(
    cloud: EmbeddedCloud, guardctl: Guardctl, pictures: Pictures, filters: tuple[str, ...]
) -> None:
    uri = put(cloud, f"guardctl/failed{len(filters)}.jpg", pictures["clean"])
    assert wait_until(lambda: status_of(cloud, uri) == "CLEAN")
    (item,) = read_results(cloud, uri.removeprefix("s3://"))
    # As though a worker had given up: its message is in the dead-letter queue, and its result says so.
    cloud.client("dynamodb").update_item(
        TableName=cloud.endpoints.results_table,
        Key={name: {"S": item[name]} for name in ("upload", "version")},
        UpdateExpression="SET #status = :failed",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":failed": {"S": "FAILED"}},
    )
    bucket, _, key = item["upload"].partition("/")
    job = ScanJob(Upload(bucket, key, "", item["version"]))
    endpoints = cloud.endpoints
    queue = RetryQueue(cloud.client("sqs"), endpoints.retry_queue_url, endpoints.dead_letter_queue_url)
    queue.send_to_dead_letters(job, "http-500")

    preview = guardctl("redrive", "--preview")
    assert preview["messages"] == [{"upload": uri, "reason": "http-500"}]
    assert guardctl("redrive", "--only-reason", "http-404", *WHY)["moved"] == 0
    assert guardctl("redrive", *filters, *WHY)["moved"] == 1
    assert wait_until(lambda: status_of(cloud, uri) == "CLEAN")
    assert guardctl("status", "--sample", "0.5")["waiting"]["dead letters"]["messages"] == 0


def test_limit_reset_lets_deleting_go_on(cloud: EmbeddedCloud, guardctl: Guardctl) -> None:
    item = {"limiter": {"S": "quarantines"}, "tripped_at": {"N": "1800000000"}, "revision": {"S": "r"}}
    cloud.client("dynamodb").put_item(TableName=cloud.resource("RateLimiterTable"), Item=item)
    assert guardctl("status", "--sample", "0.5")["deleting_stopped_at"] == "2027-01-15T08:00:00Z"
    assert guardctl("limit", "reset", *WHY) == {"was_stopped_at": "2027-01-15T08:00:00Z"}
    assert guardctl("status", "--sample", "0.5")["deleting_stopped_at"] is None
    assert guardctl("limit", "reset", *WHY) == {"was_stopped_at": None}


def test_settled_result_is_listed_and_counted(cloud: EmbeddedCloud, guardctl: Guardctl, pictures: Pictures) -> None:
    uri = put(cloud, "guardctl/listed.jpg", pictures["clean"])
    assert wait_until(lambda: status_of(cloud, uri) == "CLEAN")
    for options in (("--status", "CLEAN", "--all"), ("--prefix", uri), ("--from", "1h", "--all")):
        assert uri in [f"s3://{item['upload']}" for item in guardctl("results", *options)]
    assert guardctl("results", "--reason", "no such reason") == []
    assert guardctl("status", "--sample", "0.5")["today"]["by_status"]["CLEAN"] >= 1
    assert guardctl("stats", "--from", "1h")["by_status"]["CLEAN"] >= 1
