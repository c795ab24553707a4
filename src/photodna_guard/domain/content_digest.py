"""The digests of an object's bytes. Frozen, without I/O."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContentDigest:
    """The digests of a version's bytes (hexadecimal), from one read of its own."""

    sha256: str
    md5: str
    size: int  # bytes
    # S3 gave a digest that these bytes have.
    is_proved: bool = True


def digest_of(content: bytes) -> ContentDigest:
    """Return the digests of bytes in memory."""
    md5 = hashlib.md5(content, usedforsecurity=False)
    return ContentDigest(hashlib.sha256(content).hexdigest(), md5.hexdigest(), len(content))
