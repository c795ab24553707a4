"""aws/version_listing.py and aws/listing_job.py against moto: pages, cursors, and two runs at once."""

from dataclasses import replace
from typing import Any

import pytest

from photodna_guard.aws.listing_job import ListingJob
from photodna_guard.aws.table import Table
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.aws.version_listing import VersionListing
from photodna_guard.domain.errors import ObjectGoneError, RetryableError
from photodna_guard.domain.version_listing import Cursor, ListedVersion, ListingPage, ListingPass

KEYS = ["a b+c.jpg", "a.jpg", "ü/ö.jpg", "z&<>.jpg"]


@pytest.fixture
def pages_of_three(s3: Any) -> None:
    def limit(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = 3

    s3.meta.events.register("provide-client-params.s3.ListObjectVersions", limit)


def put_versions(s3: Any, bucket: str) -> set[tuple[str, str]]:
    put = {(key, s3.put_object(Bucket=bucket, Key=key, Body=b"x" * n)["VersionId"]) for key in KEYS for n in (1, 2)}
    s3.delete_object(Bucket=bucket, Key=KEYS[0])
    return put


def read_all(listing: VersionListing) -> list[ListedVersion]:
    found, cursor = list[ListedVersion](), Cursor()
    while True:
        page = listing.read_page(cursor)
        found += page.versions
        if page.following is None:
            return found
        cursor = page.following


def test_every_version_is_on_one_page_and_no_delete_marker(s3: Any, upload_bucket: str, pages_of_three: None) -> None:
    put = put_versions(s3, upload_bucket)
    found = read_all(VersionListing(s3, upload_bucket))
    assert sorted((one.upload.key, str(one.upload.version_id)) for one in found) == sorted(put)


def test_version_has_what_a_scan_needs(s3: Any, upload_bucket: str) -> None:
    answer = s3.put_object(Bucket=upload_bucket, Key=KEYS[2], Body=b"12345")
    head = s3.head_object(Bucket=upload_bucket, Key=KEYS[2])
    (one,) = VersionListing(s3, upload_bucket).read_page(Cursor()).versions
    assert (one.upload.key, one.upload.size, one.upload.version_id) == (KEYS[2], 5, answer["VersionId"])
    assert one.upload.etag == answer["ETag"].strip('"')
    assert one.modified == pytest.approx(head["LastModified"].timestamp(), abs=1)


def test_version_null_is_identified_by_its_etag(s3: Any, plain_bucket: str) -> None:
    s3.put_object(Bucket=plain_bucket, Key="a.jpg", Body=b"1")
    (one,) = VersionListing(s3, plain_bucket).read_page(Cursor()).versions
    assert one.upload.version == f"etag:{one.upload.etag}"


def test_version_from_before_a_bucket_kept_versions_can_be_named_and_tagged(s3: Any, plain_bucket: str) -> None:
    """Nothing overwrites it from then on. Where versions are suspended the next upload does."""
    s3.put_object(Bucket=plain_bucket, Key="old.jpg", Body=b"1")
    s3.put_bucket_versioning(Bucket=plain_bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=plain_bucket, Key="old.jpg", Body=b"2")
    found = [one.upload for one in VersionListing(s3, plain_bucket).read_page(Cursor()).versions]
    (old,) = [upload for upload in found if upload.version == "null"]
    UploadBucket(s3).set_status_tag(old, "clean")
    assert UploadBucket(s3).read_object(old).content == b"1"
    tagged = s3.get_object_tagging(Bucket=plain_bucket, Key="old.jpg", VersionId="null")["TagSet"]
    assert tagged == [{"Key": "scan-status", "Value": "clean"}]
    assert s3.get_object_tagging(Bucket=plain_bucket, Key="old.jpg")["TagSet"] == []
    s3.put_bucket_versioning(Bucket=plain_bucket, VersioningConfiguration={"Status": "Suspended"})
    versions = VersionListing(s3, plain_bucket).read_page(Cursor()).versions
    assert "null" not in {one.upload.version for one in versions}
    with pytest.raises(ObjectGoneError):
        UploadBucket(s3).read_object(replace(old, etag="another"))


def test_missing_bucket_is_retryable(s3: Any) -> None:
    with pytest.raises(RetryableError, match="s3:ListObjectVersions"):
        VersionListing(s3, "missing").read_page(Cursor())


@pytest.fixture
def job(dynamodb: Any, rate_limiter_table: str) -> ListingJob:
    return ListingJob(Table(dynamodb, rate_limiter_table), "reconciliation")


def test_job_begins_with_a_complete_pass(job: ListingJob) -> None:
    assert job.read() == ListingPass()


@pytest.mark.parametrize("following", [Cursor("ü", "null"), None])
def test_saved_pass_is_read_again(job: ListingJob, following: Cursor | None) -> None:
    listing = job.read().begin_next(100.0).after(ListingPage((), following))
    assert job.save(listing)
    assert job.read() == listing


def test_second_of_two_runs_saves_nothing(job: ListingJob) -> None:
    job.save(job.read().begin_next(100.0).after(ListingPage((), Cursor("a", "v"))))
    both = job.read()
    assert job.save(both.after(ListingPage((), Cursor("b", "v"))))
    assert not job.save(both.after(ListingPage((), Cursor("c", "v"))))
    assert job.read().cursor == Cursor("b", "v")
