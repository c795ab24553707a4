"""A streamed match, and one with ten tags, in this process against the embedded cloud and the roles' policies."""

import json
import os
from typing import Any

import boto3
import pytest

from photodna_guard import bootstrap, settings
from photodna_guard.handlers import on_upload
from photodna_guard.rate_limiter.gcra import LIVE
from photodna_guard.scanning.source_copier import MoveLimits
from tests.e2e.embedded import Bench, Pictures, upload

TEN_TAGS = {f"tag{n}": "of the user" for n in range(10)}
# Every picture is a large match. Over HTTP its body is also read to be signed.
STREAMED = MoveLimits(in_memory_bytes=100)


def upload_streamed(record: dict[str, Any]) -> None:
    """Call the upload handler's process with an application for which the match is large."""
    conf = settings.from_environment(os.environ)
    application = bootstrap.build(conf, LIVE, boto3.Session(), move_limits=STREAMED)
    on_upload.process(application, {"Records": [record]}, 120.0)


@pytest.mark.parametrize("bench", ["versioned", "unversioned"], indirect=True)
def test_large_match_is_streamed_into_quarantine(bench: Bench, pictures: Pictures) -> None:
    upload_streamed(bench.put("a.jpg", pictures["match"], Tagging="owner=user"))
    result, s3 = bench.result("a.jpg"), bench.cloud.client("s3")
    assert result["status"] == "QUARANTINED"
    where = {"Bucket": bench.cloud.endpoints.quarantine_bucket}
    copy = s3.get_object(**where, Key=result["quarantine_key"], VersionId=result["quarantine_version"])
    assert copy["Body"].read() == pictures["match"]
    assert copy["ObjectLockRetainUntilDate"]
    evidence = json.loads(s3.get_object(**where, Key=result["evidence_key"])["Body"].read())
    assert evidence["source"]["tags"] == {"owner": "user"}
    assert "Versions" not in s3.list_object_versions(Bucket=bench.bucket)


def test_held_match_with_ten_tags_is_unreadable(bench: Bench, pictures: Pictures) -> None:
    bench.monkeypatch.setenv("MODE", "observe")
    bootstrap.get_application.cache_clear()
    record = bench.put(
        "a.jpg", pictures["match"], Tagging="&".join(f"{key}={value}" for key, value in TEN_TAGS.items())
    )
    upload(record)
    result = bench.result("a.jpg")
    assert (result["status"], result["hold_reason"], result["tags"]) == ("MATCHED", "observe mode", TEN_TAGS)
    tags = bench.cloud.client("s3").get_object_tagging(Bucket=bench.bucket, Key="a.jpg")["TagSet"]
    assert tags == [{"Key": "scan-status", "Value": "matched"}]
