"""The releases as the scanners read them, the record that they store, and the tags that they give back."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from photodna_guard.aws.release_list import ReleaseList
from photodna_guard.aws.table import Table
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import Upload
from photodna_guard.domain.releases import partition_of, release_id
from tests.aws.conftest import create_table
from tests.support.releases import release_item


@pytest.fixture
def release_list(dynamodb: Any) -> ReleaseList:
    return ReleaseList(Table(dynamodb, create_table(dynamodb, "operations", "OperationsTable")))


def write(dynamodb: Any, item: dict[str, Any], size: int) -> None:
    keys = {"partition": partition_of(size), "id": release_id(item["sha256"], item["scope"])}
    values = {name: TypeSerializer().serialize(value) for name, value in (item | keys).items()}
    dynamodb.put_item(TableName="operations", Item=values)


def test_releases_of_one_size_are_found_by_one_consistent_query(dynamodb: Any, release_list: ReleaseList) -> None:
    write(dynamodb, release_item(b"picture"), 7)
    write(dynamodb, release_item(b"another", state="withdrawn"), 7)
    write(dynamodb, release_item(b"long picture"), 12)
    asked: list[dict[str, Any]] = []
    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", lambda params, **_: asked.append(params))
    (found,) = release_list.find(7)
    assert found.sha256 == release_item(b"picture")["sha256"]
    assert [one["ConsistentRead"] for one in asked] == [True]
    assert release_list.find(8) == []


def test_missing_table_is_an_error_and_no_empty_list(dynamodb: Any) -> None:
    with pytest.raises(RetryableError):
        ReleaseList(Table(dynamodb, "missing")).find(7)


def test_own_tags_take_the_place_of_the_status(s3: Any, upload_bucket: str) -> None:
    version = s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"x", Tagging="scan-status=matched")["VersionId"]
    upload = Upload("uploads", "a.jpg", "e", version)
    UploadBucket(s3).set_own_tags(upload, {"owner": "ann", "Scan-Status": "clean"})
    assert s3.get_object_tagging(Bucket="uploads", Key="a.jpg")["TagSet"] == [{"Key": "owner", "Value": "ann"}]
