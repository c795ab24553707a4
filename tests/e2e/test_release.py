"""A false match goes back on the embedded cloud: two people, each role's own rights, and a user who reads it again."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.stack import EmbeddedCloud
from ops.guardctl.main import main
from ops.guardctl.tables import to_item
from ops.guardctl.target import connect_embedded
from tests.e2e.embedded import Pictures, read_results
from tests.support.releases import confirmation_item, request_item
from tests.support.schemas import assert_valid
from tests.support.waiting import wait_until

WHY = ("--reason", "a drawing of ours", "--yes")
OBJECT = {
    "ContentType": "image/jpeg",
    "CacheControl": "no-store",
    "Metadata": {"album": "b 7"},
    "Tagging": "owner=ann&team=x%20y",
}
Guardctl = Callable[..., Any]


@pytest.fixture
def guardctl(cloud: EmbeddedCloud, calm: None, known: None, capsys: pytest.CaptureFixture[str]) -> Guardctl:
    """Return a function that runs a command in somebody's name and returns its JSON, or its one line of complaint."""
    target = connect_embedded(cloud.aws_endpoint_url, cloud.endpoints.region)

    def run(name: str, *arguments: str, code: int = 0) -> Any:
        capsys.readouterr()
        given = main(["--as", name, *arguments, "--json"], lambda *_: target)
        out, err = capsys.readouterr()
        assert given == code, err
        return err if code else json.loads(out)

    return run


def s3_of(cloud: EmbeddedCloud, principal: str) -> Any:
    """Return S3 as a user of the platform or a role sees it."""
    session = boto3.Session(principal, "testing", region_name=cloud.endpoints.region)
    return session.client("s3", endpoint_url=cloud.aws_endpoint_url)


def put(cloud: EmbeddedCloud, key: str, body: bytes, **more: Any) -> str:
    cloud.client("s3").put_object(Bucket=cloud.endpoints.upload_bucket, Key=key, Body=body, **more)
    return f"s3://{cloud.endpoints.upload_bucket}/{key}"


def results_of(cloud: EmbeddedCloud, uri: str) -> list[dict[str, Any]]:
    return read_results(cloud, uri.removeprefix("s3://"))


def wait_for(cloud: EmbeddedCloud, uri: str, *statuses: str) -> None:
    def seen() -> list[str]:
        return [item["status"] for item in results_of(cloud, uri)]

    assert wait_until(lambda: seen() == list(statuses)), seen()


def read_as_user(cloud: EmbeddedCloud, key: str) -> Any:
    return s3_of(cloud, "user").get_object(Bucket=cloud.endpoints.upload_bucket, Key=key)


def quarantined(cloud: EmbeddedCloud, key: str, body: bytes, **more: Any) -> str:
    uri = put(cloud, key, body, **more)
    wait_for(cloud, uri, "QUARANTINED")
    return uri


def test_false_match_goes_back_and_its_bytes_pass_in_their_place(
    cloud: EmbeddedCloud, guardctl: Guardctl, pictures: Pictures
) -> None:
    uri = quarantined(cloud, "release/one.jpg", pictures["match"], **OBJECT)
    with pytest.raises(ClientError):
        read_as_user(cloud, "release/one.jpg")
    asked = guardctl("ann", "release", uri, *WHY)
    assert (asked["state"], asked["requested_by"]) == ("requested", "ann")
    assert "another person has to confirm" in guardctl("Ann", "release", uri, "--confirm", *WHY, code=2)
    done = guardctl("ben", "release", uri, "--confirm", "--reason", "I looked", "--yes")
    wait_for(cloud, uri, "QUARANTINED", "CLEAN")

    answer = read_as_user(cloud, "release/one.jpg")
    assert answer["Body"].read() == pictures["match"]
    assert (answer["ContentType"], answer["Metadata"]) == ("image/jpeg", {"album": "b 7"})
    assert answer["CacheControl"] == "no-store"
    assert answer["VersionId"] == done["released_version"]
    where = {"Bucket": cloud.endpoints.upload_bucket, "Key": "release/one.jpg"}
    tags = {tag["Key"]: tag["Value"] for tag in cloud.client("s3").get_object_tagging(**where)["TagSet"]}
    assert tags == {"owner": "ann", "team": "x y", "scan-status": "released"}

    first, second = guardctl("cyd", "show", uri)
    assert (first["released"]["requested_by"], first["released"]["confirmed_by"]) == ("ann", "ben")
    assert "needs_attention" not in first
    _check_evidence(cloud, first, second)

    # The same bytes again, by their uploader and under that key.
    put(cloud, "release/one.jpg", pictures["match"])
    wait_for(cloud, uri, "QUARANTINED", "CLEAN", "CLEAN")
    elsewhere = put(cloud, "release/elsewhere.jpg", pictures["match"])
    wait_for(cloud, elsewhere, "QUARANTINED")
    actions = [(entry["action"], entry["by"], entry["state"]) for entry in guardctl("cyd", "journal", "--count", "3")]
    assert ("release confirm", "ben", "done") in actions


def _check_evidence(cloud: EmbeddedCloud, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Require both people in a locked record, and the quarantined copy under its lock as before."""
    s3, bucket = s3_of(cloud, "BreakGlassRole"), cloud.endpoints.quarantine_bucket
    record = json.loads(s3.get_object(Bucket=bucket, Key=second["release_key"])["Body"].read())
    assert_valid(record, "release-1")
    assert (record["requested"]["by"], record["confirmed"]["by"]) == ("ann", "ben")
    assert (record["requested"]["reason"], record["confirmed"]["reason"]) == ("a drawing of ours", "I looked")
    assert record["source"]["version_id"] == second["version"]
    for key in (second["release_key"], first["quarantine_key"], first["evidence_key"]):
        assert s3.get_object_retention(Bucket=bucket, Key=key)["Retention"]["Mode"] == "GOVERNANCE"


def test_release_anywhere_lets_the_bytes_pass_under_every_key_until_it_is_withdrawn(
    cloud: EmbeddedCloud, guardctl: Guardctl, pictures: Pictures
) -> None:
    uri = quarantined(cloud, "release/any.jpg", pictures["match"])
    guardctl("ann", "release", uri, "--anywhere", *WHY)
    assert "Nobody has asked for this release" in guardctl("ben", "release", uri, "--confirm", *WHY, code=2)
    guardctl("ben", "release", uri, "--confirm", "--anywhere", *WHY)
    wait_for(cloud, uri, "QUARANTINED", "CLEAN")
    other = put(cloud, "release/any other.jpg", pictures["match"])
    wait_for(cloud, other, "CLEAN")
    assert read_as_user(cloud, "release/any other.jpg")["Body"].read() == pictures["match"]
    assert guardctl("cyd", "release", "--list")[0]["state"] == "done"

    guardctl("cyd", "release", uri, "--anywhere", "--withdraw", *WHY)
    third = put(cloud, "release/any third.jpg", pictures["match"])
    wait_for(cloud, third, "QUARANTINED")
    (first, *_) = guardctl("cyd", "show", uri)
    assert "released" not in first
    # What was opened before is a match again once somebody has it checked.
    guardctl("cyd", "rescan", other, *WHY)
    wait_for(cloud, other, "QUARANTINED")


def test_object_that_stands_there_is_not_replaced(cloud: EmbeddedCloud, guardctl: Guardctl, pictures: Pictures) -> None:
    uri = quarantined(cloud, "release/taken.jpg", pictures["match"])
    put(cloud, "release/taken.jpg", pictures["clean"])
    wait_for(cloud, uri, "QUARANTINED", "CLEAN")
    guardctl("ann", "release", uri, *WHY)
    assert "Another object stands at" in guardctl("ben", "release", uri, "--confirm", *WHY, code=2)
    assert read_as_user(cloud, "release/taken.jpg")["Body"].read() == pictures["clean"]

    cloud.client("s3").delete_object(Bucket=cloud.endpoints.upload_bucket, Key="release/taken.jpg")
    assert "gives the same command again" in guardctl("cyd", "release", uri, "--confirm", *WHY, code=2)
    guardctl("ben", "release", uri, "--confirm", *WHY)
    wait_for(cloud, uri, "QUARANTINED", "CLEAN", "CLEAN")
    assert read_as_user(cloud, "release/taken.jpg")["Body"].read() == pictures["match"]


def test_no_role_alone_forges_a_release(cloud: EmbeddedCloud, calm: None, known: None, pictures: Pictures) -> None:
    """Whoever writes the table by hand with one role names two people, and still opens nothing.

    That the operator role may write no confirmation is in tests/policy: a refused call of it here would count as one of
    guardctl's (test_permissions.py).
    """

    def put(role: str, item: dict[str, Any]) -> None:
        session = boto3.Session(role, "testing", region_name=cloud.endpoints.region)
        dynamodb = session.client("dynamodb", endpoint_url=cloud.aws_endpoint_url)
        dynamodb.put_item(TableName=cloud.resource("OperationsTable"), Item=to_item(item))

    body = pictures["match"]
    for number, role in enumerate(("OperatorRole", "BreakGlassRole")):
        scope = f"{cloud.endpoints.upload_bucket}/release/by hand {number}.jpg"
        request, confirmation = request_item(body, scope), confirmation_item(body, scope)
        if role == "OperatorRole":
            put(role, confirmation | request)
        else:
            put(role, request | confirmation)
            with pytest.raises(ClientError, match="AccessDenied"):
                put(role, request)
        quarantined(cloud, f"release/by hand {number}.jpg", body)


def test_break_glass_role_opens_nothing_by_itself(cloud: EmbeddedCloud, calm: None, pictures: Pictures) -> None:
    s3 = s3_of(cloud, "BreakGlassRole")
    where = {"Bucket": cloud.endpoints.upload_bucket, "Key": "release/forged.jpg"}
    for status in ("released", "clean"):
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.put_object(**where, Body=pictures["match"], Tagging=f"scan-status={status}")
    with pytest.raises(ClientError):
        cloud.client("s3").head_object(**where)
