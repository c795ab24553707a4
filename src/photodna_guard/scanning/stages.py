"""The stages of a scan job: one frozen value for each, holding exactly what is known by then."""

from dataclasses import dataclass, replace

from photodna_guard.domain.models import MatchOutcome, ObjectHead, ScanJob, ScanRecord, Status, Verdict
from photodna_guard.scanning.outcomes import Outcome

# Verdicts that may come from the URL and not from the picture: the bytes are sent once, before they are believed.
ASK_FOR_BYTES = (MatchOutcome.NOT_AN_IMAGE, MatchOutcome.BAD_PARAMETER)


@dataclass(frozen=True, slots=True)
class Received:
    """A job, as its event or message delivered it."""

    job: ScanJob
    record: None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """The record exists, and its lease is this worker's."""

    job: ScanJob
    record: ScanRecord


@dataclass(frozen=True, slots=True)
class Picture:
    """The triage found a picture that the service takes."""

    job: ScanJob
    record: ScanRecord
    head: ObjectHead
    media_type: str

    @property
    def by_url(self) -> bool:
        """Whether the service fetches the picture. Without a version id nothing pins a URL to these bytes."""
        return self.job.upload.version_id is not None and not self.job.send_bytes

    def after(self, verdict: Verdict) -> "Picture":
        """Return the picture with one request more, and by value from now on where its URL may have been the fault."""
        send_bytes = self.job.send_bytes or verdict.kind in ASK_FOR_BYTES
        record = replace(self.record, attempts=self.record.attempts + 1)
        return replace(self, record=record, job=replace(self.job, send_bytes=send_bytes))


@dataclass(frozen=True, slots=True)
class Ready:
    """The request is complete: it can leave at its slot. `request` is the Match API's own value."""

    picture: Picture
    request: object
    has_fresh_key: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The service answered the request."""

    ready: Ready
    picture: Picture
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Ended:
    """The step that ended this delivery of the job, and its outcome. `record`: None before the claim."""

    job: ScanJob
    record: ScanRecord | None
    outcome: Outcome

    @property
    def is_match(self) -> bool:
        """Whether a match is recorded that is not in quarantine yet."""
        return self.record is not None and self.record.status is Status.MATCHED


Stage = Received | Claimed | Picture | Ended


def end(stage: Stage, outcome: Outcome) -> Ended:
    """Return the end of a stage by this outcome."""
    return Ended(stage.job, stage.record, outcome)
