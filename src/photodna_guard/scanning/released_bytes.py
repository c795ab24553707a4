"""Finds matches that two people released, proves that their bytes are those, and stores who agreed beside the evidence.

    one Query for each match -> nearly always nothing, and the match goes into quarantine
    a release names this place and size -> hash the object -> the same SHA-256 -> release record under lock

A failure of any of these leaves the match as it is, unreadable, and it is looked at again.
"""

import time
from collections.abc import Callable

from photodna_guard.domain.errors import DeferrableError, ObjectGoneError, RetryableError, UnscannableError
from photodna_guard.domain.models import ScanRecord, Upload
from photodna_guard.domain.release_record import release_record, release_record_name
from photodna_guard.domain.releases import Release
from photodna_guard.scanning.ports.storage import QuarantineBucket, ReleaseList, UploadBucket
from photodna_guard.scanning.source_copier import MoveLimits

# With so many tags of the user the tag `matched` took their place.
_FULL = 10
_DEFAULT_LIMITS = MoveLimits()


class ReleasedBytes:
    """The check of a recorded match against the releases. Methods raise DeferrableError and RetryableError."""

    def __init__(
        self,
        releases: ReleaseList,
        upload_bucket: UploadBucket,
        quarantine_bucket: QuarantineBucket,
        now: Callable[[], float] = time.time,
        limits: MoveLimits = _DEFAULT_LIMITS,
    ) -> None:
        """`now`: epoch seconds."""
        self._releases, self._upload_bucket, self._quarantine_bucket = releases, upload_bucket, quarantine_bucket
        self._now, self._limits = now, limits

    def record_release(self, upload: Upload, record: ScanRecord, ends: float) -> str | None:
        """Return the key of the release record of a match that is released, which is stored by then; else None.

        `ends`: epoch seconds at which this run is over.
        """
        try:
            found = self._find(upload, record, ends)
            if found is None:
                return None
            self._give_tags_back(upload, record)
        except (ObjectGoneError, UnscannableError):
            # There is nothing to open. The quarantine workflow knows what becomes of such a match.
            return None
        release, size = found
        content = release_record(upload, release, size, record.match_attributes, self._now())
        return self._quarantine_bucket.store_beside(upload, release_record_name(release), content, record.is_test)

    def _find(self, upload: Upload, record: ScanRecord, ends: float) -> tuple[Release, int] | None:
        size = self._size_of(upload, record)
        candidates = [one for one in self._releases.find(size) if one.covers(upload)]
        if not candidates:
            return None
        sha256 = self._hash(upload, size, ends)
        return next(((one, size) for one in candidates if one.sha256 == sha256), None)

    def _size_of(self, upload: Upload, record: ScanRecord) -> int:
        known = record.match_attributes.get("size", upload.size)
        return self._upload_bucket.read_object(upload, 0).size if known is None else int(known)

    def _hash(self, upload: Upload, size: int, ends: float) -> str:
        """Return the SHA-256 of the version. A read that S3 vouches for in no way is made twice."""
        if size > self._limits.in_memory_bytes:
            needed = min(size / self._limits.bytes_per_second, self._limits.fresh_seconds)
            if self._now() + needed > ends:
                raise DeferrableError("no time left to compare the match with its release")
        digest = self._upload_bucket.hash_object(upload)
        if not digest.is_proved and self._upload_bucket.hash_object(upload).sha256 != digest.sha256:
            raise RetryableError("two reads of the object differ")
        return digest.sha256

    def _give_tags_back(self, upload: Upload, record: ScanRecord) -> None:
        """Put the user's own tags back where the tag `matched` took their place. There is no room for another one."""
        own = record.match_attributes.get("tags") or {}
        if upload.version_id and len(own) >= _FULL:
            self._upload_bucket.set_own_tags(upload, own)
