"""Which S3 operation a request is: method, bucket or key, sub-resource, and the header that makes a copy. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

# What may stand in any request's query without making another operation of it.
_NO_SUBRESOURCE = re.compile(
    r"(X-Amz-.*|x-id|AWSAccessKeyId|Signature|Expires|versionId|partNumber|response-.*"
    r"|list-type|prefix|delimiter|marker|max-keys|encoding-type|start-after|continuation-token|fetch-owner"
    r"|key-marker|version-id-marker|max-parts|part-number-marker|upload-id-marker|max-uploads)",
    re.IGNORECASE,
)
_OF_KEYS = {
    "GET": {
        "": "GetObject",
        "acl": "GetObjectAcl",
        "attributes": "GetObjectAttributes",
        "legal-hold": "GetObjectLegalHold",
        "retention": "GetObjectRetention",
        "tagging": "GetObjectTagging",
        "uploadId": "ListParts",
    },
    "HEAD": {"": "HeadObject"},
    "PUT": {
        "": "PutObject",
        "acl": "PutObjectAcl",
        "legal-hold": "PutObjectLegalHold",
        "retention": "PutObjectRetention",
        "tagging": "PutObjectTagging",
        "uploadId": "UploadPart",
    },
    "POST": {
        "restore": "RestoreObject",
        "select": "SelectObjectContent",
        "uploadId": "CompleteMultipartUpload",
        "uploads": "CreateMultipartUpload",
    },
    "DELETE": {"": "DeleteObject", "tagging": "DeleteObjectTagging", "uploadId": "AbortMultipartUpload"},
}
_OF_BUCKETS = {
    "GET": {
        "": "ListObjects",
        "uploads": "ListMultipartUploads",
        "versioning": "GetBucketVersioning",
        "versions": "ListObjectVersions",
    },
    "HEAD": {"": "HeadBucket"},
    "PUT": {"": "CreateBucket"},
    "POST": {"": "PostObject", "delete": "DeleteObjects"},
    "DELETE": {"": "DeleteBucket"},
}


def name(method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """The operation's name; for what is not listed above its method and sub-resource, such as "PUT object ?acl"."""
    parts = sorted(part for part in query if not _NO_SUBRESOURCE.fullmatch(part))
    if key and parts == ["select", "select-type"]:
        parts = ["select"]
    known = (_OF_KEYS if key else _OF_BUCKETS).get(method, {}) if bucket else {"": "ListBuckets"}
    operation = known.get("&".join(parts))
    if operation is None:
        return f"{method} {'object' if key else 'bucket'} ?{'&'.join(parts)}"
    copies = {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}
    return copies.get(operation, operation) if "x-amz-copy-source" in headers else operation
