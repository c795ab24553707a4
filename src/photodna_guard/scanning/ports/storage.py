"""Ports of the scanner: tables and buckets."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import IO, BinaryIO, Protocol

from photodna_guard.domain.content_digest import ContentDigest
from photodna_guard.domain.models import (
    Decision,
    ObjectHead,
    QuarantinedCopy,
    ScanJob,
    ScanRecord,
    SourceObject,
    Status,
    UnsettledRecord,
    Upload,
)
from photodna_guard.domain.releases import Release
from photodna_guard.domain.verdicts import Verdict


class ResultsTable(Protocol):
    """One record for each version. A write after the claim raises LeaseHeldError where the lease is another's."""

    def claim(self, job: ScanJob) -> ScanRecord:
        """Make the record or take it up, with a lease. A settled one is returned as it is, without."""

    def find_quarantined_by_sha256(self, sha256: str) -> Verdict | None:
        """Return the verdict on quarantined bytes with this hash (hexadecimal); None where there are none."""

    def record_match(
        self, upload: Upload, record: ScanRecord, verdict: Verdict, seen: Mapping[str, object]
    ) -> ScanRecord:
        """Write MATCHED, before anything is moved. `seen`: attributes that say what was looked at."""

    def record_copy(
        self, upload: Upload, record: ScanRecord, copy: QuarantinedCopy, source: SourceObject
    ) -> ScanRecord:
        """Write where the verified copy is: from here on the source may be deleted."""

    def update_match(self, upload: Upload, record: ScanRecord, attributes: Mapping[str, object]) -> ScanRecord:
        """Write attributes of a match; None removes one."""

    def defer(self, upload: Upload, record: ScanRecord, reason: str, delay: float) -> None:
        """Release the lease of a record whose message comes again after `delay` seconds."""

    def hold_for_operator(self, upload: Upload, record: ScanRecord, reason: str, until: float) -> None:
        """Release the lease of a match that only the sweep resumes, from `until` (epoch seconds) on."""

    def settle(
        self, upload: Upload, record: ScanRecord, status: Status, reason: str = "", **attributes: object
    ) -> ScanRecord:
        """Write the final status and release the lease."""

    def mark_published(self, upload: Upload, decision: Decision | None) -> None:
        """Write that the event of the settled record is published, and that its tag says this decision."""

    def mark_tagged(self, upload: Upload, status: Status, done: bool, is_decided: bool) -> None:
        """Write whether the settled upload has its status tag. `is_decided`: nobody need look at it again."""


class UnsettledIndex(Protocol):
    """The records of the results table that are not settled, or whose event is not published."""

    def find_oldest(self, queue: str) -> float | None:
        """Return when the oldest record of a queue was received (epoch seconds)."""

    def iter_unsettled(self, queue: str, first: int) -> Iterator[UnsettledRecord]:
        """Yield a queue's records but the held ones, from the partition of this number on, decided ones first."""

    def iter_held(self) -> Iterator[UnsettledRecord]:
        """Yield the matches that wait for the operator."""

    def claim(self, record: UnsettledRecord, now: int) -> Upload | None:
        """Postpone the record's next redelivery and return its upload; None where another worker took it up."""


class ResultLookup(Protocol):
    """Reads of many records of the results table."""

    def find_without_service(self, uploads: Iterable[Upload]) -> set[tuple[str, str]]:
        """Return the record keys of the uploads whose match is not in quarantine yet, or whose tag was decided."""
        ...

    def find_known(self, uploads: Iterable[Upload]) -> set[tuple[str, str]]:
        """Return the record keys of the uploads that have a record."""
        ...


class UploadBucket(Protocol):
    """The upload bucket. Its methods raise ObjectGoneError and UnscannableError as well."""

    def read_head(self, upload: Upload, head_bytes: int) -> ObjectHead:
        """Return size, headers and the first bytes, from one ranged GET."""

    def read_object(self, upload: Upload, max_bytes: int | None = None) -> SourceObject:
        """Return the headers and all bytes of the version, proved to be those; headers only beyond `max_bytes`."""

    def download(self, upload: Upload, to: IO[bytes]) -> None:
        """Write all bytes of the version to a file, proved to be those, with flat memory."""

    def hash_object(self, upload: Upload) -> ContentDigest:
        """Return the digests of the version, from one read of its own, with flat memory."""

    def open_object(self, upload: Upload, size: int) -> AbstractContextManager[BinaryIO]:
        """Provide the version's bytes as a file that can be read anew from its start, with flat memory."""
        ...

    def presign(self, upload: Upload) -> str:
        """Return a URL that reads this version for some minutes. It is neither logged nor kept."""

    def read_own_tags(self, upload: Upload) -> Mapping[str, str]:
        """Return the user's own tags."""

    def set_status_tag(self, upload: Upload, value: str, own_tags: Mapping[str, str] | None = None) -> bool:
        """Set the status tag beside the user's own, as read a moment ago. Return False where there is no room."""

    def set_own_tags(self, upload: Upload, tags: Mapping[str, str]) -> None:
        """Set the user's own tags in place of all others."""

    def set_only_status_tag(self, upload: Upload, value: str) -> None:
        """Set the status tag in place of all others."""

    def delete_version(self, upload: Upload) -> None:
        """Delete exactly this version. A version that is gone is no error."""


class QuarantineBucket(Protocol):
    """The quarantine bucket."""

    def store_copy(self, upload: Upload, source: SourceObject, is_test: bool) -> QuarantinedCopy:
        """Store the copy under lock, or find the one that exists."""

    def store_stream(self, upload: Upload, body: BinaryIO, digest: ContentDigest, is_test: bool) -> QuarantinedCopy:
        """Do the same for bytes that are read while they are sent, and whose digests are known."""

    def find_copy(self, upload: Upload, is_test: bool) -> QuarantinedCopy | None:
        """Return the only copy that an earlier run made of a version; None where there is none, or several."""

    def store_evidence(self, key: str, evidence: bytes, is_test: bool) -> None:
        """Store the evidence record (JSON) under the same lock, unless it exists."""

    def store_beside(self, upload: Upload, name: str, record: bytes, is_test: bool) -> str:
        """Store another record in the version's folder, in the same way. Return its key."""
        ...


class ScanRules(Protocol):
    """What an operator left unscanned."""

    def find_reason_to_skip(self, upload: Upload) -> str:
        """Return the reason; empty where the upload is to be scanned."""


class ReleaseList(Protocol):
    """The releases of false matches."""

    def find(self, size: int) -> list[Release]:
        """Return the releases in force of objects of this size in bytes."""
        ...


class DeletionLimit(Protocol):
    """How many matches may be deleted in an hour."""

    @property
    def is_tripped(self) -> bool:
        """Whether all deleting has stopped, until an operator resets the limit."""

    def acquire(self, upload: Upload) -> None:
        """Count one deletion, once for an upload. Raises AwaitingOperatorError beyond the limit."""
