"""The copy of a match, for any size up to S3's limit, and its comparison with the source.

    small    one read into memory, one write
    large    read once for its digests (recorded) -> read again while it is written -> read once more, to be compared

A large match is read with flat memory. Each of its reads has to fit into one run of a function, so each is a step that
the next run need not repeat.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace

from photodna_guard.domain.content_digest import ContentDigest
from photodna_guard.domain.errors import (
    AwaitingOperatorError,
    DeferrableError,
    ObjectGoneError,
    RetryableError,
    UnscannableError,
)
from photodna_guard.domain.models import QuarantinedCopy, ScanRecord, SourceObject, Upload
from photodna_guard.scanning.ports.storage import QuarantineBucket, ResultsTable, UploadBucket

# How long a match that nothing here can move waits for the operator before it is looked at again.
TOO_LARGE_HOLD_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class MoveLimits:
    """Where a match is small, and what a step of a large one needs."""

    in_memory_bytes: int = 8 * 1024**2
    # S3's limit for an object that is written by one request.
    copy_bytes: int = 5 * 1024**3
    # What a function reads, or reads and writes, at least.
    bytes_per_second: float = 20e6
    # A step may begin with so much time left, whatever its size: a run of the retry path begins with more.
    fresh_seconds: float = 130.0


_DEFAULT_LIMITS = MoveLimits()


class SourceCopier:
    """Copies matches into quarantine. Methods raise what the quarantine workflow's do."""

    def __init__(
        self,
        results: ResultsTable,
        upload_bucket: UploadBucket,
        quarantine_bucket: QuarantineBucket,
        limits: MoveLimits = _DEFAULT_LIMITS,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`now`: epoch seconds."""
        self._results, self._upload_bucket, self._quarantine_bucket = results, upload_bucket, quarantine_bucket
        self._limits, self._now, self._one_at_a_time = limits, now, threading.Lock()

    def copy(self, upload: Upload, record: ScanRecord, ends: float) -> ScanRecord:
        """Store the copy under lock, verified, and record it. `ends`: epoch seconds at which this run is over."""
        tags = record.match_attributes.get("tags")
        try:
            # Before the read that is pinned to the ETag: so these are the tags of this object, without versions too.
            tags = self._upload_bucket.read_own_tags(upload) if tags is None else tags
            source = self._upload_bucket.read_object(upload, self._limits.in_memory_bytes)
            copy = self._store(upload, record, source, ends)
        except ObjectGoneError:
            # Its owner deleted or overwrote it, perhaps after a run that died had made the copy.
            found = self._quarantine_bucket.find_copy(upload, record.is_test)
            if not found:
                raise
            source, copy = SourceObject(b""), found
        return self._results.record_copy(upload, record, copy, replace(source, tags=tags))

    def compare(self, upload: Upload, copy: QuarantinedCopy, ends: float) -> None:
        """Raise RetryableError where the source is not what is under lock."""
        # A source that was archived since its copy was made cannot be read: the copy was proved when it was made.
        with suppress(UnscannableError):
            if self._hash(upload, copy.size, ends).sha256 != copy.sha256:
                raise RetryableError("the quarantined copy is not the source")

    def _store(self, upload: Upload, record: ScanRecord, source: SourceObject, ends: float) -> QuarantinedCopy:
        if not source.is_large:
            return self._quarantine_bucket.store_copy(upload, source, record.is_test)
        if source.size > self._limits.copy_bytes:
            raise AwaitingOperatorError("too large to be moved", self._now() + TOO_LARGE_HOLD_SECONDS)
        # An earlier run may have died after it: then nothing is to be sent again.
        if found := self._quarantine_bucket.find_copy(upload, record.is_test):
            return found
        digest = record.digest
        if digest is None:
            digest = self._hash(upload, source.size, ends)
            record = self._note_digest(upload, record, asdict(digest))
        return self._stream(upload, record, digest, ends)

    def _stream(self, upload: Upload, record: ScanRecord, digest: ContentDigest, ends: float) -> QuarantinedCopy:
        """Write the source's bytes while they are read. S3 refuses other bytes than those of the digest."""
        try:
            with self._streaming(digest.size, ends), self._upload_bucket.open_object(upload, digest.size) as body:
                return self._quarantine_bucket.store_stream(upload, body, digest, record.is_test)
        except RetryableError:
            # S3 vouched for no byte of the first read: it may be the wrong one of the two.
            if not digest.is_proved:
                self._note_digest(upload, record, None)
            raise

    def _note_digest(self, upload: Upload, record: ScanRecord, digest: Mapping[str, object] | None) -> ScanRecord:
        return self._results.update_match(upload, record, {"source_digest": digest})

    def _hash(self, upload: Upload, size: int, ends: float) -> ContentDigest:
        if size <= self._limits.in_memory_bytes:
            return self._upload_bucket.hash_object(upload)
        with self._streaming(size, ends):
            return self._upload_bucket.hash_object(upload)

    @contextmanager
    def _streaming(self, size: int, ends: float) -> Iterator[None]:
        """Begin a step that takes its time: one at a time, as they share the network. Raises DeferrableError."""
        if not self._one_at_a_time.acquire(blocking=False):
            raise DeferrableError("another large match is being moved")
        try:
            if self._now() + min(size / self._limits.bytes_per_second, self._limits.fresh_seconds) > ends:
                raise DeferrableError("no time left to move the match")
            yield
        finally:
            self._one_at_a_time.release()
