"""What S3 has of an object beside its bytes, by which a reader can tell that he has read them all and right."""

from typing import Any, Final

CHECKSUM = "checksum"  # of the whole object, as the SDKs send it
MD5 = "md5"  # the ETag alone: an upload by a presigned URL, or an old SDK
PARTS = "parts"  # neither: an upload in parts, whose ETag is none of its bytes
KMS = "kms"  # neither: encrypted with a key of KMS, by an old SDK
PROOFS: Final = (CHECKSUM, MD5, PARTS, KMS)


def leave(proof: str, key: Any) -> str:
    """Takes from moto's object all but that proof; the ETag that it has then."""
    if proof != CHECKSUM:
        key.checksum_algorithm = None
    if proof == PARTS:
        key._etag = f"{_other(key)}-2"
    if proof == KMS:
        key.encryption, key._etag = "aws:kms", _other(key)
    return str(key.etag.strip('"'))


def _other(key: Any) -> str:
    """An ETag that is no MD5 of the bytes, and the same for the same bytes."""
    return str(key.etag.strip('"'))[::-1]
