"""The move of a match into quarantine, a sequence that may stop at any line and be run again.

    tagged "matched" -> MATCHED written -> copied under lock, verified -> that written -> source deleted
    -> evidence record under lock -> QUARANTINED written

With the first line nobody reads the source any more (docs/decisions/0008). It goes only after the table says that its
verified copy is under lock, and after it was read once more and is what the copy is (0012). Each line is idempotent:
a copy that stands is taken for what it is, and not made again.
"""

import time
from collections.abc import Callable
from contextlib import suppress

from photodna_guard.domain import evidence
from photodna_guard.domain.errors import (
    AwaitingOperatorError,
    DeferrableError,
    ObjectGoneError,
    RetryableError,
    UnscannableError,
)
from photodna_guard.domain.models import ScanRecord, SourceObject, Upload, Verdict
from photodna_guard.scanning.ports import DeletionLimit, QuarantineBucket, ResultsTable, UploadBucket

MATCHED_TAG_VALUE = "matched"


class QuarantineWorkflow:
    """Moves matches. Its methods raise Gone, Withheld, Held, Busy and TryAgain."""

    def __init__(
        self,
        ledger: ResultsTable,
        uploads: UploadBucket,
        quarantine: QuarantineBucket,
        bound: DeletionLimit,
        observe: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`observe`: a match is written down and stays where it is."""
        self._ledger, self._uploads, self._quarantine, self._bound = ledger, uploads, quarantine, bound
        self._observe, self._now = observe, now

    def mark_matched(self, upload: Upload, record: ScanRecord, verdict: Verdict, bare: bool = False) -> ScanRecord:
        """Makes the source unreadable, and writes down the match, so that the service need not be asked again.

        `bare`: the source had no tags a moment ago, and one call less stands between the answer and that.
        """
        if upload.version_id:
            with suppress(
                ObjectGoneError, UnscannableError, DeferrableError, RetryableError
            ):  # the move is what counts
                self._uploads.set_status_tag(upload, MATCHED_TAG_VALUE, bare)
        return self._ledger.record_match(upload, record, verdict)

    def resume(self, upload: Upload, record: ScanRecord) -> str:
        """Takes a match from wherever the last run stopped to its evidence record, whose key it gives."""
        if self._observe:
            raise AwaitingOperatorError("observe mode")
        record = record if record.copy else self._copied(upload, record)
        self._bound.acquire(upload)
        with suppress(ObjectGoneError):
            self._compare(upload, record)
            self._uploads.delete_version(upload)
        key, content = (
            evidence.evidence_key(record.facts),
            evidence.evidence_record(upload, record.facts, deleted=self._now()),
        )
        self._quarantine.store_evidence(key, content, record.is_test)
        return key

    def _compare(self, upload: Upload, record: ScanRecord) -> None:
        """Raises TryAgain where the source is not what is under lock. One that was archived since cannot be read."""
        with suppress(UnscannableError):
            if record.copy and self._uploads.hash_object(upload) != record.copy.sha256:
                raise RetryableError("the quarantined copy is not the source")

    def _copied(self, upload: Upload, record: ScanRecord) -> ScanRecord:
        try:
            source = self._uploads.read_object(upload)
            copy = self._quarantine.store_copy(upload, source, record.is_test)
        except ObjectGoneError:  # deleted or overwritten by its owner; perhaps after a run that died had made the copy
            found = self._quarantine.find_copy(upload, record.is_test)
            if not found:
                raise
            source, copy = SourceObject(b""), found
        return self._ledger.record_copy(upload, record, copy, source)
