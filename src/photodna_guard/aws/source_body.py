"""The bytes of a version as the body of another request: read while they are sent, and again from any place."""

import io
from collections.abc import Callable
from typing import Any

from photodna_guard.aws.error_translation import translate_aws_errors
from photodna_guard.domain.errors import GuardError, RetryableError


class SourceBody(io.RawIOBase):
    """A raw file over GetObject responses. It has one response open at most, from the first read after a seek on.

    botocore seeks to the end for the length, and to the start to sign the body (without TLS) and before it repeats a
    request. It makes its own error of what a read raises: `failure` is the true one.
    """

    def __init__(self, open_at: Callable[[int], Any], size: int) -> None:
        """`open_at`: return S3's body from this position on; `size`: bytes of the object."""
        self._open_at, self._size = open_at, size
        self._position = 0
        self._stream: Any = None
        self.failure: GuardError | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position, without any call."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset != self._position:
            self._close_stream()
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read up to the buffer's length. Raises the domain's errors."""
        if self._position >= self._size:
            return 0
        try:
            data = self._read(len(buffer))
        except GuardError as error:
            self._close_stream()
            self.failure = error
            raise
        self.failure = None
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        """Close the response too."""
        self._close_stream()
        super().close()

    def _read(self, length: int) -> bytes:
        self._stream = self._stream or self._open_at(self._position)
        with translate_aws_errors("s3:GetObject"):
            data: bytes = self._stream.read(min(length, self._size - self._position))
        if not data:
            raise RetryableError("s3:GetObject: another length than S3 says")
        return data

    def _close_stream(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
