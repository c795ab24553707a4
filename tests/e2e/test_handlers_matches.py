"""The handlers in this process, against the embedded cloud: matches, with and without versions in the bucket."""

import pytest
from botocore.exceptions import ClientError

from tests.e2e.embedded import Bench, Pictures, read_results, upload


@pytest.mark.parametrize("bench", ["unversioned"], indirect=True)
def test_unversioned_match_uploaded_again_is_quarantined_again(bench: Bench, pictures: Pictures) -> None:
    for _ in range(2):
        upload(bench.put("a.jpg", pictures["match"]))
        assert bench.result("a.jpg")["status"] == "QUARANTINED"
        assert "Contents" not in bench.cloud.client("s3").list_objects_v2(Bucket=bench.bucket)


@pytest.mark.parametrize("bench", ["unversioned"], indirect=True)
def test_unversioned_object_that_replaced_a_match_is_left(bench: Bench, pictures: Pictures) -> None:
    first = bench.put("a.jpg", pictures["match"])
    second = bench.put("a.jpg", pictures["clean"])
    upload(first, second)
    assert sorted(i["status"] for i in read_results(bench.cloud, f"{bench.bucket}/a.jpg")) == ["CLEAN", "GONE"]
    assert bench.cloud.client("s3").get_object(Bucket=bench.bucket, Key="a.jpg")["Body"].read() == pictures["clean"]


@pytest.mark.parametrize("bench", ["unversioned"], indirect=True)
def test_null_version_below_a_later_one_is_quarantined(bench: Bench, pictures: Pictures) -> None:
    s3, first = bench.cloud.client("s3"), bench.put("a.jpg", pictures["match"])
    s3.put_bucket_versioning(Bucket=bench.bucket, VersioningConfiguration={"Status": "Enabled"})
    second = bench.put("a.jpg", pictures["clean"])
    upload(first)
    assert bench.result("a.jpg")["status"] == "QUARANTINED"
    (left,) = s3.list_object_versions(Bucket=bench.bucket)["Versions"]
    assert left["VersionId"] == second["s3"]["object"]["versionId"]


@pytest.mark.parametrize("bench", ["versioned", "unversioned"], indirect=True)
@pytest.mark.parametrize("name", ["match", "near"])
def test_match_is_locked_in_quarantine_and_its_source_deleted(bench: Bench, pictures: Pictures, name: str) -> None:
    s3, endpoints = bench.cloud.client("s3"), bench.cloud.endpoints
    upload(bench.put("a b+c.jpg", pictures[name]))
    result = bench.result("a b+c.jpg")
    assert result["status"] == "QUARANTINED"
    assert result["is_test"] is True
    assert result["matches"][0]["match_id"] == "m-1"
    copy = {"Key": result["quarantine_key"], "VersionId": result["quarantine_version"]}
    kept = s3.get_object(Bucket=endpoints.quarantine_bucket, **copy)
    assert kept["Body"].read() == pictures[name]
    assert kept["ObjectLockMode"] == "GOVERNANCE"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=endpoints.quarantine_bucket, **copy)
    assert "Versions" not in s3.list_object_versions(Bucket=bench.bucket)


def test_only_the_matched_version_is_deleted(bench: Bench, pictures: Pictures) -> None:
    records = [bench.put("a.jpg", pictures[name]) for name in ("clean", "match", "other")]
    upload(*records)
    statuses = [item["status"] for item in read_results(bench.cloud, f"{bench.bucket}/a.jpg")]
    assert sorted(statuses) == ["CLEAN", "CLEAN", "QUARANTINED"]
    left = bench.cloud.client("s3").list_object_versions(Bucket=bench.bucket)["Versions"]
    assert {v["VersionId"] for v in left} == {r["s3"]["object"]["versionId"] for r in (records[0], records[2])}
