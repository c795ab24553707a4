"""The releases as the scanners read them, the record that they store, and the tags that they give back."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from photodna_guard.aws.release_list import ReleaseList
from photodna_guard.aws.table import Table
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import Upload
from tests.aws.conftest import create_table
from tests.support.releases import confirmation_item, release_item, request_item


@pytest.fixture
def release_list(dynamodb: Any) -> ReleaseList:
    return ReleaseList(Table(dynamodb, create_table(dynamodb, "operations", "OperationsTable")))


@pytest.fixture
def asked(dynamodb: Any) -> list[dict[str, Any]]:
    """Return the queries that were sent."""
    sent: list[dict[str, Any]] = []
    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", lambda params, **_: sent.append(params))
    return sent


def write(dynamodb: Any, *items: dict[str, Any]) -> None:
    for item in items:
        values = {name: TypeSerializer().serialize(value) for name, value in item.items()}
        dynamodb.put_item(TableName="operations", Item=values)


def test_releases_of_one_size_are_found_by_consistent_queries(
    dynamodb: Any, release_list: ReleaseList, asked: list[dict[str, Any]]
) -> None:
    write(dynamodb, request_item(b"picture"), confirmation_item(b"picture"))
    write(dynamodb, request_item(b"another", state="withdrawn"), confirmation_item(b"another"))
    write(dynamodb, request_item(b"long picture"), confirmation_item(b"long picture"))
    (found,) = release_list.find(7)
    assert found.sha256 == release_item(b"picture")["sha256"]
    assert [one["ConsistentRead"] for one in asked] == [True, True]


def test_match_of_a_size_that_nobody_confirmed_costs_one_query(
    dynamodb: Any, release_list: ReleaseList, asked: list[dict[str, Any]]
) -> None:
    # Whatever a request says of itself.
    write(dynamodb, request_item(b"picture"), release_item(b"picture") | {"partition": "release-request#7", "id": "x"})
    assert release_list.find(7) == []
    assert len(asked) == 1


@pytest.mark.parametrize("changed", [{"sha256": "0" * 64}, {"scope": "uploads/b.jpg"}, {"reason": "another"}])
def test_request_that_is_not_the_confirmed_one_is_no_release(
    dynamodb: Any, release_list: ReleaseList, changed: dict[str, str]
) -> None:
    write(dynamodb, confirmation_item(b"picture"), request_item(b"picture") | changed)
    assert release_list.find(7) == []


def test_confirmation_without_a_request_is_no_release(dynamodb: Any, release_list: ReleaseList) -> None:
    write(dynamodb, confirmation_item(b"picture"))
    assert release_list.find(7) == []


def test_missing_table_is_an_error_and_no_empty_list(dynamodb: Any) -> None:
    with pytest.raises(RetryableError):
        ReleaseList(Table(dynamodb, "missing")).find(7)


def test_own_tags_take_the_place_of_the_status(s3: Any, upload_bucket: str) -> None:
    version = s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"x", Tagging="scan-status=matched")["VersionId"]
    upload = Upload("uploads", "a.jpg", "e", version)
    UploadBucket(s3).set_own_tags(upload, {"owner": "ann", "Scan-Status": "clean"})
    assert s3.get_object_tagging(Bucket="uploads", Key="a.jpg")["TagSet"] == [{"Key": "owner", "Value": "ann"}]
