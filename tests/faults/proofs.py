"""What S3 has of an object beside its bytes, by which a reader can prove that it has read them whole."""

from typing import Any, Final

# A checksum of the whole object, as the SDKs send it.
CHECKSUM = "checksum"
# The ETag alone: an upload by a presigned URL or an old SDK.
MD5 = "md5"
# Neither: an upload in parts, whose ETag is no digest of its bytes.
PARTS = "parts"
# Neither: an old SDK's upload, encrypted with a key of KMS.
KMS = "kms"
PROOFS: Final = (CHECKSUM, MD5, PARTS, KMS)


def leave(proof: str, key: Any) -> str:
    """Take all but one proof from moto's object. Return the ETag that it then has."""
    if proof != CHECKSUM:
        key.checksum_algorithm = None
    if proof == PARTS:
        key._etag = f"{_other(key)}-2"
    if proof == KMS:
        key.encryption, key._etag = "aws:kms", _other(key)
    return str(key.etag.strip('"'))


def _other(key: Any) -> str:
    """Return an ETag that is no MD5 of the bytes, and the same for the same bytes."""
    return str(key.etag.strip('"'))[::-1]
