"""The permissions that each S3 operation requires, with the condition keys that S3 evaluates. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from local.aws.policy import s3_reads, s3_writes
from local.aws.policy.api_call import ApiCall, UnknownCallError
from local.aws.policy.permission import AccountState, Permission


def required_s3_permissions(call: ApiCall, state: AccountState) -> list[Permission]:
    """Return the permissions of an S3 call. Raises UnknownCallError if its operation is not in the table below."""
    if call.operation not in _REQUIRED:
        raise UnknownCallError(f"{call.name} is not known: add the permissions that it requires to {__file__}")
    return list(_REQUIRED[call.operation](call, state))


_REQUIRED: dict[str, Callable[[ApiCall, AccountState], Iterator[Permission]]] = {
    "GetObject": s3_reads.require_object_action("Get{}"),
    "HeadObject": s3_reads.require_object_action("Get{}"),
    "SelectObjectContent": s3_reads.require_object_action("Get{}"),
    "GetObjectAttributes": s3_reads.require_get_attributes,
    "GetObjectAcl": s3_reads.require_object_action("Get{}Acl"),
    "PutObjectAcl": s3_reads.require_object_action("Put{}Acl"),
    "GetObjectTagging": s3_reads.require_object_action("Get{}Tagging"),
    "PutObjectTagging": s3_reads.require_object_action("Put{}Tagging"),
    "DeleteObjectTagging": s3_reads.require_object_action("Delete{}Tagging"),
    "GetObjectRetention": s3_reads.require_lock_action("GetObjectRetention"),
    "PutObjectRetention": s3_reads.require_lock_action("PutObjectRetention"),
    "GetObjectLegalHold": s3_reads.require_lock_action("GetObjectLegalHold"),
    "PutObjectLegalHold": s3_reads.require_lock_action("PutObjectLegalHold"),
    "RestoreObject": s3_reads.require_lock_action("RestoreObject"),
    "PutObject": s3_writes.require_put,
    "PostObject": s3_writes.require_post,
    "CopyObject": s3_writes.require_copy,
    "CreateMultipartUpload": s3_writes.require_put,
    "UploadPart": s3_writes.require_part,
    "UploadPartCopy": s3_writes.require_copy_part,
    "CompleteMultipartUpload": s3_writes.require_part,
    "AbortMultipartUpload": s3_reads.require_lock_action("AbortMultipartUpload"),
    "ListParts": s3_reads.require_lock_action("ListMultipartUploadParts"),
    "DeleteObject": s3_reads.require_delete,
    "DeleteObjects": s3_reads.require_delete_many,
    "ListObjects": s3_reads.require_bucket_action("ListBucket"),
    "HeadBucket": s3_reads.require_bucket_action("ListBucket"),
    "ListObjectVersions": s3_reads.require_bucket_action("ListBucketVersions"),
    "ListMultipartUploads": s3_reads.require_bucket_action("ListBucketMultipartUploads"),
    "GetBucketVersioning": s3_reads.require_bucket_action("GetBucketVersioning"),
    "GetBucketPolicy": s3_reads.require_bucket_action("GetBucketPolicy"),
    "GetBucketEncryption": s3_reads.require_bucket_action("GetEncryptionConfiguration"),
    "GetBucketNotificationConfiguration": s3_reads.require_bucket_action("GetBucketNotification"),
    "GetObjectLockConfiguration": s3_reads.require_bucket_action("GetBucketObjectLockConfiguration"),
    "GetPublicAccessBlock": s3_reads.require_bucket_action("GetBucketPublicAccessBlock"),
    "GetBucketLifecycleConfiguration": s3_reads.require_bucket_action("GetLifecycleConfiguration"),
    "GetBucketLocation": s3_reads.require_bucket_action("GetBucketLocation"),
    "GetBucketOwnershipControls": s3_reads.require_bucket_action("GetBucketOwnershipControls"),
    "GetBucketReplication": s3_reads.require_bucket_action("GetReplicationConfiguration"),
}
