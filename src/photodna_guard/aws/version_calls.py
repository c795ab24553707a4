"""What all S3 calls on one version share: the arguments that name and pin it, and the meaning of their errors."""

from typing import Any

from photodna_guard.aws.error_translation import ErrorTable
from photodna_guard.domain.errors import (
    DecryptionRefusedError,
    ObjectGoneError,
    ObjectNotFoundError,
    RetryableError,
    UnscannableError,
)
from photodna_guard.domain.models import NULL_VERSION, Upload


class EmptyObjectError(Exception):
    """The object has no bytes, and so no range of them."""


class ReadRefusedError(RetryableError):
    """S3 answers 403: a policy denies the read, or the key of the object's encryption."""


VERSION_ERRORS: ErrorTable = {
    "NoSuchKey": (ObjectNotFoundError, "deleted"),
    "NoSuchVersion": (ObjectNotFoundError, "deleted"),
    "404": (ObjectNotFoundError, "deleted"),
    # The version is a delete marker.
    "MethodNotAllowed": (ObjectGoneError, "deleted"),
    "PreconditionFailed": (ObjectGoneError, "overwritten"),
    "412": (ObjectGoneError, "overwritten"),
    "NoSuchBucket": (ObjectGoneError, "bucket deleted"),
    # Encrypted with a key that only the customer has (SSE-C).
    "InvalidRequest": (UnscannableError, "customer-key"),
    "InvalidObjectState": (UnscannableError, "archived"),
    "InvalidRange": (EmptyObjectError, "empty"),
    "416": (EmptyObjectError, "empty"),
}

_KMS_KEY = (DecryptionRefusedError, "kms-key")
READ_ERRORS: ErrorTable = {
    **VERSION_ERRORS,
    # A missing right to read is an operator's mistake, which concerns all uploads and can be repaired for days.
    "AccessDenied": (ReadRefusedError, "s3:GetObject: AccessDenied"),
    # S3 passes on KMS's own errors: the key is disabled, is to be deleted, or is none.
    "KMS.DisabledException": _KMS_KEY,
    "KMS.InvalidStateException": _KMS_KEY,
    "KMS.KMSInvalidStateException": _KMS_KEY,
    "KMS.NotFoundException": _KMS_KEY,
}


def version_arguments(upload: Upload) -> Any:
    """Return the arguments that name the version. Without a version id that is S3's null version."""
    return {"Bucket": upload.bucket, "Key": upload.key, "VersionId": upload.version_id or NULL_VERSION}


def pin_arguments(upload: Upload) -> dict[str, Any]:
    """Return the argument that pins the null version to its ETag."""
    return {} if upload.version_id not in (None, NULL_VERSION) else {"IfMatch": f'"{upload.etag}"'}
