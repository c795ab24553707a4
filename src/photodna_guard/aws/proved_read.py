"""The read of a GetObject response, chunk by chunk, with what proves its bytes to be the object's.

The bytes of a read are proved, or the read fails (docs/decisions/0012):

    always                                        the length that S3 states
    the object has a checksum of the whole        botocore's own check
    otherwise, if its ETag is an MD5              the MD5 of the bytes
    otherwise (multipart, SSE-KMS)                unproved: the caller reads the same bytes twice
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from botocore.httpchecksum import StreamingChecksumBody

from photodna_guard.aws.error_translation import translate_aws_errors
from photodna_guard.domain.content_digest import ContentDigest
from photodna_guard.domain.errors import RetryableError

CHUNK_BYTES = 1 << 20


class ProvedRead:
    """One read of a body of known length. `is_proved` holds once `iter_chunks` has ended."""

    def __init__(self, answer: Any, length: int, is_whole: bool = True) -> None:
        """`answer`: the GetObject response; `is_whole`: the body is the whole object, and not a range of it."""
        self._body, self._length = answer["Body"], length
        has_checksum = isinstance(self._body, StreamingChecksumBody)
        self._expected_md5 = "" if has_checksum or not is_whole else _md5_of_etag(answer)
        self.is_proved = is_whole and (has_checksum or bool(self._expected_md5))
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)

    @property
    def digest(self) -> ContentDigest:
        """The digests of the bytes read so far."""
        return ContentDigest(self._sha256.hexdigest(), self._md5.hexdigest(), self._length, self.is_proved)

    def iter_chunks(self) -> Iterator[bytes]:
        """Yield the bytes. Raises RetryableError where they are not the object's; the last chunk may precede it."""
        length = 0
        try:
            while chunk := self._read_chunk():
                length += len(chunk)
                self._sha256.update(chunk)
                self._md5.update(chunk)
                yield chunk
        finally:
            self._body.close()
        if length != self._length:
            raise RetryableError("s3:GetObject: another length than S3 says")
        if self._expected_md5 and self._md5.hexdigest() != self._expected_md5:
            raise RetryableError("s3:GetObject: other bytes than the ETag's")

    def read(self) -> bytes:
        """Return all bytes. Raises RetryableError where they are not the object's."""
        return b"".join(self.iter_chunks())

    def _read_chunk(self) -> bytes:
        """Read a chunk; empty at the end, where botocore checks length and checksum.

        Only the body's own `read` checks them. As a context manager it is the raw stream, which checks nothing.
        """
        with translate_aws_errors("s3:GetObject"):
            chunk: bytes = self._body.read(CHUNK_BYTES)
        return chunk


def _md5_of_etag(answer: Any) -> str:
    """Return the MD5 in the ETag; empty if the object came in parts or is encrypted with a KMS key.

    S3's API reference says when it is one (Object).
    """
    etag: str = answer.get("ETag", "").strip('"')
    is_md5 = answer.get("ServerSideEncryption", "AES256") == "AES256" and re.fullmatch("[0-9a-f]{32}", etag)
    return etag if is_md5 else ""
