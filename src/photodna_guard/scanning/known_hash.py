"""The fallback while the service answers nobody: bytes that are in quarantine already are a match by that alone."""

from dataclasses import replace

from photodna_guard.domain.errors import DeferrableError, ObjectGoneError, RetryableError, UnscannableError
from photodna_guard.domain.models import Upload
from photodna_guard.domain.verdicts import Verdict
from photodna_guard.scanning.outcomes import Defer, Outcome, Quarantine, Retry
from photodna_guard.scanning.ports.storage import ResultsTable, UploadBucket
from photodna_guard.scanning.stages import Ended, Picture, end


class KnownHashFallback:
    """Compares a picture with the SHA-256 of every quarantined one."""

    def __init__(self, results: ResultsTable, upload_bucket: UploadBucket) -> None:
        self._results, self._upload_bucket = results, upload_bucket

    def apply(self, picture: Picture, outcome: Outcome) -> Ended:
        """Return a match where the picture waits for the service and its bytes are known; else the same outcome.

        Once for a job: no hash becomes known while the service answers nobody.
        """
        waits = isinstance(outcome, Retry) or (isinstance(outcome, Defer) and outcome.is_service_unavailable)
        if not waits or picture.job.hash_checked:
            return end(picture, outcome)
        try:
            verdict = self._find_verdict(picture.job.upload)
        except (ObjectGoneError, UnscannableError, DeferrableError, RetryableError):
            return end(picture, outcome)
        checked = replace(picture, job=replace(picture.job, hash_checked=True))
        if not verdict:
            return end(checked, outcome)
        return end(checked, Quarantine(verdict, not picture.head.tags, {"size": picture.head.size}))

    def _find_verdict(self, upload: Upload) -> Verdict | None:
        """Return the verdict on the same bytes. An unproved read that finds none is made once more."""
        digest = self._upload_bucket.hash_object(upload)
        verdict = self._results.find_quarantined_by_sha256(digest.sha256)
        if not (verdict or digest.is_proved) and self._upload_bucket.hash_object(upload).sha256 != digest.sha256:
            raise RetryableError("two reads of the object differ")
        return verdict
