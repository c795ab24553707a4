"""Finds the S3 operation of a request from its method, bucket, key, sub-resource and headers. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Query parameters that do not change the operation.
_NO_SUBRESOURCE = re.compile(
    r"(X-Amz-.*|x-id|AWSAccessKeyId|Signature|Expires|versionId|partNumber|response-.*"
    r"|list-type|prefix|delimiter|marker|max-keys|encoding-type|start-after|continuation-token|fetch-owner"
    r"|key-marker|version-id-marker|max-parts|part-number-marker|upload-id-marker|max-uploads)",
    re.IGNORECASE,
)
_OBJECT_OPERATIONS = {
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
_BUCKET_OPERATIONS = {
    "GET": {
        "": "ListObjects",
        "encryption": "GetBucketEncryption",
        "lifecycle": "GetBucketLifecycleConfiguration",
        "location": "GetBucketLocation",
        "notification": "GetBucketNotificationConfiguration",
        "object-lock": "GetObjectLockConfiguration",
        "ownershipControls": "GetBucketOwnershipControls",
        "policy": "GetBucketPolicy",
        "publicAccessBlock": "GetPublicAccessBlock",
        "replication": "GetBucketReplication",
        "uploads": "ListMultipartUploads",
        "versioning": "GetBucketVersioning",
        "versions": "ListObjectVersions",
    },
    "HEAD": {"": "HeadBucket"},
    "PUT": {"": "CreateBucket"},
    "POST": {"": "PostObject", "delete": "DeleteObjects"},
    "DELETE": {"": "DeleteBucket"},
}


def find_operation(method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Return the operation's name; for an unlisted one its method and sub-resource, such as "PUT object ?acl"."""
    parts = sorted(part for part in query if not _NO_SUBRESOURCE.fullmatch(part))
    if key and parts == ["select", "select-type"]:
        parts = ["select"]
    known = (_OBJECT_OPERATIONS if key else _BUCKET_OPERATIONS).get(method, {}) if bucket else {"": "ListBuckets"}
    operation = known.get("&".join(parts))
    if operation is None:
        return f"{method} {'object' if key else 'bucket'} ?{'&'.join(parts)}"
    copies = {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}
    return copies.get(operation, operation) if "x-amz-copy-source" in headers else operation
