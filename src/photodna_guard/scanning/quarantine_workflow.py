"""The quarantine workflow: a sequence that may stop at any line and is resumed by the next run.

    status tag "matched" -> MATCHED recorded -> copy under lock, verified -> copy recorded -> source compared, deleted
    -> evidence record under lock -> QUARANTINED recorded

From the first line on nobody reads the source (docs/decisions/0008). Where the tag has no room beside the user's own,
it takes their place once the record has them. A match waits for the operator only once it has the tag.

The source is deleted only after the results table holds its verified copy, and after one more read of it gave the
copy's SHA-256 (docs/decisions/0012). Each line is idempotent: a copy that exists is used, and not made again.
"""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType

from photodna_guard.domain import evidence
from photodna_guard.domain.errors import (
    AwaitingOperatorError,
    DeferrableError,
    ObjectGoneError,
    ObjectNotFoundError,
    RetryableError,
    UnscannableError,
)
from photodna_guard.domain.models import ScanRecord, Upload
from photodna_guard.domain.verdicts import Verdict
from photodna_guard.scanning.ports.storage import DeletionLimit, QuarantineBucket, ResultsTable, UploadBucket
from photodna_guard.scanning.source_copier import MoveLimits, SourceCopier

MATCHED_TAG_VALUE = "matched"
_TAG_ERRORS = (ObjectGoneError, UnscannableError, DeferrableError, RetryableError)
_DEFAULT_LIMITS = MoveLimits()


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
        limits: MoveLimits = _DEFAULT_LIMITS,
    ) -> None:
        """`observe`: a match is recorded and its source stays."""
        self._results, self._upload_bucket = results, upload_bucket
        self._quarantine_bucket, self._deletion_limit = quarantine_bucket, deletion_limit
        self._copier = SourceCopier(results, upload_bucket, quarantine_bucket, limits, now)
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
        tags: Mapping[str, str] | None = {} if is_untagged else None
        has_room = True
        # Without a version S3 cannot pin a tag: it would land on whatever has taken the object's place.
        if upload.version_id:
            # A tag that cannot be set does not stop the workflow: its end makes the source unreadable, too.
            with suppress(*_TAG_ERRORS):
                tags = self._upload_bucket.read_own_tags(upload) if tags is None else tags
                has_room = self._upload_bucket.set_status_tag(upload, MATCHED_TAG_VALUE, tags)
        known = seen if tags is None else {**seen, "tags": tags}
        record = self._results.record_match(upload, record, verdict, known)
        if not has_room:
            # The user's own tags are in the record now, and need not be on the object.
            with suppress(*_TAG_ERRORS):
                self._upload_bucket.set_only_status_tag(upload, MATCHED_TAG_VALUE)
        return record

    def resume(self, upload: Upload, record: ScanRecord, ends: float = math.inf) -> str:
        """Take a match from where the last run stopped to its evidence record. Return the evidence record's key.

        `ends`: epoch seconds at which this run is over. What does not fit raises DeferrableError.
        """
        try:
            if self._observe:
                raise AwaitingOperatorError("observe mode")
            record = record if record.copy else self._copier.copy(upload, record, ends)
            self._deletion_limit.acquire(upload)
        except AwaitingOperatorError:
            self._ensure_unreadable(upload, record)
            raise
        with suppress(ObjectGoneError):
            self._delete_source(upload, record, ends)
        key = evidence.evidence_key(record.match_attributes)
        content = evidence.evidence_record(upload, record.match_attributes, deleted=self._now())
        self._quarantine_bucket.store_evidence(key, content, record.is_test)
        return key

    def _delete_source(self, upload: Upload, record: ScanRecord, ends: float) -> None:
        assert record.copy, "it was recorded before"  # noqa: S101
        try:
            self._copier.compare(upload, record.copy, ends)
        except ObjectNotFoundError:
            # A young version may be there and not be found (missing_versions.py). The copy was proved when it was made,
            # and the deletion names the version. Without one it might meet another upload.
            if not upload.version_id:
                raise
        self._upload_bucket.delete_version(upload)

    def _ensure_unreadable(self, upload: Upload, record: ScanRecord) -> None:
        """Set the tag of a match that stays. A source that is gone needs none."""
        if not upload.version_id:
            return
        with suppress(ObjectGoneError):
            if self._upload_bucket.set_status_tag(upload, MATCHED_TAG_VALUE):
                return
            if "tags" not in record.match_attributes:
                self._results.update_match(upload, record, {"tags": self._upload_bucket.read_own_tags(upload)})
            self._upload_bucket.set_only_status_tag(upload, MATCHED_TAG_VALUE)
