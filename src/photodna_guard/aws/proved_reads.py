"""Reads of an S3 object that are proved to be whole, or fail (docs/decisions/0012).

always                                        the length that S3 states, and the size in the event
the object has a checksum of the whole        botocore's own check
otherwise, if its ETag is an MD5              the MD5 of the bytes
otherwise (multipart, SSE-KMS)                two reads of the same bytes, which the caller makes
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.httpchecksum import StreamingChecksumBody

from photodna_guard.aws.error_translation import translate_aws_errors
from photodna_guard.domain.errors import RetryableError
from photodna_guard.domain.models import Upload

_CHUNK_BYTES = 1024 * 1024


def check_size(upload: Upload, size: int) -> None:
    """Raise RetryableError unless S3 states the size in the event: a version never changes its size."""
    if upload.size is not None and upload.size != size:
        raise RetryableError("s3:GetObject: another size than the event's")


def read_body(answer: Any, length: int) -> bytes:
    """Read a body of `length` bytes. Raises RetryableError for any other length.

    The body's own `read` checks the checksum. As a context manager it is the raw stream, which checks nothing.
    """
    body = answer["Body"]
    try:
        with translate_aws_errors("s3:GetObject"):
            data: bytes = body.read()
    finally:
        body.close()
    if len(data) != length:
        raise RetryableError("s3:GetObject: another length than S3 says")
    return data


def stream_body(answer: Any, write: Callable[[bytes], object]) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    """Pass the body of an answer to `write` in chunks. Return the SHA-256 and the MD5 of all bytes.

    Raises RetryableError for another length than S3 states.
    """
    sha256, md5, length = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    for chunk in _iter_body(answer["Body"]):
        length += len(chunk)
        sha256.update(chunk)
        md5.update(chunk)
        write(chunk)
    if length != answer["ContentLength"]:
        raise RetryableError("s3:GetObject: another length than S3 says")
    return sha256, md5


def _iter_body(body: Any) -> Iterator[bytes]:
    """Yield a body in chunks, through its own `read`, which checks the checksum at the end."""
    try:
        while chunk := _read_chunk(body):
            yield chunk
    finally:
        body.close()


def _read_chunk(body: Any) -> bytes:
    with translate_aws_errors("s3:GetObject"):
        chunk: bytes = body.read(_CHUNK_BYTES)
    return chunk


def is_proved(answer: Any, md5: "hashlib._Hash") -> bool:
    """Return whether S3 gave a digest of the whole object. Raises RetryableError if it is not that of its bytes.

    `md5`: of all bytes that were read.

    The ETag is an MD5 unless the object came in parts or is encrypted with a KMS key (S3's API reference, Object).
    """
    if isinstance(answer["Body"], StreamingChecksumBody):
        return True
    etag = answer.get("ETag", "").strip('"')
    if answer.get("ServerSideEncryption", "AES256") != "AES256" or not re.fullmatch("[0-9a-f]{32}", etag):
        return False
    if md5.hexdigest() != etag:
        raise RetryableError("s3:GetObject: other bytes than the ETag's")
    return True
