"""The quarantine workflow: a sequence that may stop at any line and is resumed by the next run.

    status tag "matched" -> MATCHED recorded -> copy under lock, verified -> copy recorded -> source compared, deleted
    -> evidence record under lock -> QUARANTINED recorded

From the first line on nobody reads the source (docs/decisions/0008). The source is deleted only after the results table
holds its verified copy, and after one more read of it gave the copy's SHA-256 (docs/decisions/0012). Each line is
idempotent: a copy that exists is used, and not made again.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType

from photodna_guard.domain import evidence
from photodna_guard.domain.errors import (
    AwaitingOperatorError,
    DeferrableError,
    ObjectGoneError,
    RetryableError,
    UnscannableError,
)
from photodna_guard.domain.models import ScanRecord, SourceObject, Upload, Verdict
from photodna_guard.scanning.ports.storage import DeletionLimit, QuarantineBucket, ResultsTable, UploadBucket

MATCHED_TAG_VALUE = "matched"


class QuarantineWorkflow:
    """Moves matches into quarantine.

    Its methods raise ObjectGoneError, UnscannableError, AwaitingOperatorError, LeaseHeldError, DeferrableError and
    RetryableError.
    """

    def __init__(
        self,
        results: ResultsTable,
        upload_bucket: UploadBucket,
        quarantine_bucket: QuarantineBucket,
        deletion_limit: DeletionLimit,
        observe: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`observe`: a match is recorded and its source stays."""
        self._results, self._upload_bucket = results, upload_bucket
        self._quarantine_bucket, self._deletion_limit = quarantine_bucket, deletion_limit
        self._observe, self._now = observe, now

    def mark_matched(
        self,
        upload: Upload,
        record: ScanRecord,
        verdict: Verdict,
        is_untagged: bool = False,
        seen: Mapping[str, object] = MappingProxyType({}),
    ) -> ScanRecord:
        """Make the source unreadable and record the match, so that the service need not be asked again.

        `is_untagged`: the source had no tags a moment ago, which saves the call that reads them.
        `seen`: the record's attributes that say what was looked at.
        """
        if upload.version_id:
            # A tag that cannot be set does not stop the workflow: its end makes the source unreadable, too.
            with suppress(ObjectGoneError, UnscannableError, DeferrableError, RetryableError):
                self._upload_bucket.set_status_tag(upload, MATCHED_TAG_VALUE, is_untagged)
        return self._results.record_match(upload, record, verdict, seen)

    def resume(self, upload: Upload, record: ScanRecord) -> str:
        """Take a match from where the last run stopped to its evidence record. Return the evidence record's key."""
        if self._observe:
            raise AwaitingOperatorError("observe mode")
        record = record if record.copy else self._copy(upload, record)
        self._deletion_limit.acquire(upload)
        with suppress(ObjectGoneError):
            self._compare_with_copy(upload, record)
            self._upload_bucket.delete_version(upload)
        key = evidence.evidence_key(record.match_attributes)
        content = evidence.evidence_record(upload, record.match_attributes, deleted=self._now())
        self._quarantine_bucket.store_evidence(key, content, record.is_test)
        return key

    def _copy(self, upload: Upload, record: ScanRecord) -> ScanRecord:
        try:
            source = self._upload_bucket.read_object(upload)
            copy = self._quarantine_bucket.store_copy(upload, source, record.is_test)
        except ObjectGoneError:
            # Its owner deleted or overwrote it, perhaps after a run that died had made the copy.
            found = self._quarantine_bucket.find_copy(upload, record.is_test)
            if not found:
                raise
            source, copy = SourceObject(b""), found
        return self._results.record_copy(upload, record, copy, source)

    def _compare_with_copy(self, upload: Upload, record: ScanRecord) -> None:
        """Raise RetryableError where the source is not what is under lock."""
        # A source that was archived since its copy was made cannot be read: the copy was proved when it was made.
        with suppress(UnscannableError):
            if record.copy and self._upload_bucket.hash_object(upload) != record.copy.sha256:
                raise RetryableError("the quarantined copy is not the source")
