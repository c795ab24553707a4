"""The events that S3 sends for a created object: to a function or queue, and to EventBridge. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}


@dataclass(frozen=True)
class Creation:
    """The creation of an object. `version_id` is None if the bucket has no versioning; `etag` is unquoted."""

    event_name: str
    bucket: str
    key: str
    size: int
    etag: str
    version_id: str | None
    sequencer: str
    region: str
    account: str
    access_key: str
    source_ip: str
    at: datetime

    @property
    def bucket_arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:aws:s3:::{self.bucket}"


def make_notification(creation: Creation, configuration_id: str) -> dict[str, Any]:
    """Return the event for a function, queue or topic.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": creation.region,
        "eventTime": creation.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "eventName": creation.event_name,
        "userIdentity": {"principalId": f"AWS:{creation.access_key}"},
        "requestParameters": {"sourceIPAddress": creation.source_ip},
        "responseElements": {"x-amz-request-id": _make_request_id(), "x-amz-id-2": uuid.uuid4().hex * 2},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": creation.bucket,
                "ownerIdentity": {"principalId": creation.account},
                "arn": creation.bucket_arn,
            },
            "object": _without_none(
                # S3 encodes keys like forms, a space as a plus, but keeps slashes.
                key=quote_plus(creation.key, safe="/"),
                size=creation.size,
                eTag=creation.etag,
                versionId=creation.version_id,
                sequencer=creation.sequencer,
            ),
        },
    }
    return {"Records": [record]}


def make_object_created(creation: Creation) -> dict[str, Any]:
    """Return EventBridge's "Object Created": the key is not encoded, and the names are in kebab case."""
    content = _without_none(
        key=creation.key,
        size=creation.size,
        etag=creation.etag,
        version_id=creation.version_id,
        sequencer=creation.sequencer,
    )
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": creation.account,
        "time": creation.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": creation.region,
        "resources": [creation.bucket_arn],
        "detail": {
            "version": "0",
            "bucket": {"name": creation.bucket},
            "object": {name.replace("_", "-"): value for name, value in content.items()},
            "request-id": _make_request_id(),
            "requester": creation.account,
            "source-ip-address": creation.source_ip,
            "reason": REASONS[creation.event_name],
        },
    }


def _make_request_id() -> str:
    return uuid.uuid4().hex[:16].upper()


def _without_none(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
