"""The stages of a scan job: one frozen value for each, holding exactly what is known by then."""

import hashlib
from dataclasses import dataclass, replace

from photodna_guard.domain.models import ObjectHead, Representation, ScanJob, ScanRecord, Status
from photodna_guard.domain.renditions import Rendition, RenditionSet
from photodna_guard.domain.verdicts import MatchOutcome, Verdict
from photodna_guard.scanning.outcomes import Outcome

# What the service gets next after a verdict that may come from the representation and not from the picture. What it
# says of a URL that it cannot fetch is documented nowhere: any answer that is no verdict may mean that.
_FALLBACKS = {
    (Representation.URL, MatchOutcome.NOT_AN_IMAGE): Representation.BYTES,
    (Representation.URL, MatchOutcome.BAD_PARAMETER): Representation.BYTES,
    (Representation.URL, MatchOutcome.UNKNOWN): Representation.BYTES,
    (Representation.URL, MatchOutcome.REJECTED): Representation.BYTES,
    (Representation.URL, MatchOutcome.WRONG_SIZE): Representation.RENDITION,
    (Representation.BYTES, MatchOutcome.NOT_AN_IMAGE): Representation.RENDITION,
    (Representation.BYTES, MatchOutcome.BAD_PARAMETER): Representation.RENDITION,
    (Representation.BYTES, MatchOutcome.WRONG_SIZE): Representation.RENDITION,
}
RENDITION_MEDIA_TYPE = "image/jpeg"


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
    """The triage found what may be a picture, and chose what the service gets of it."""

    job: ScanJob
    record: ScanRecord
    head: ObjectHead
    representation: Representation
    # Of the stored bytes.
    media_type: str = ""
    # The triage and the stack's parameters allow a URL.
    allows_url: bool = False
    # None until the object is rendered.
    rendition_set: RenditionSet | None = None

    @property
    def is_url_avoided(self) -> bool:
        """Whether the bytes are sent because URLs fail."""
        return self.allows_url and self.representation is Representation.BYTES

    @property
    def unchecked(self) -> list[Rendition]:
        """The renditions that the service was not asked about, in their order."""
        renditions = self.rendition_set.renditions if self.rendition_set else ()
        return [one for one in renditions if digest(one) not in self.job.checked_renditions]

    def after(self, verdict: Verdict) -> "Picture":
        """Return the picture with one request more, and with the representation that the verdict asks for."""
        job, record = self.job, replace(self.record, attempts=self.record.attempts + 1)
        if verdict.kind is MatchOutcome.NO_MATCH and self.unchecked:
            job = replace(job, checked_renditions=(*job.checked_renditions, digest(self.unchecked[0])))
        if following := _FALLBACKS.get((self.representation, verdict.kind)):
            job = replace(job, representation=following)
            return replace(self, job=job, record=record, representation=following)
        return replace(self, job=job, record=record)

    def describe(self) -> dict[str, object]:
        """Return the record's attributes that say what was looked at."""
        seen: dict[str, object] = {"representation": self.representation.value}
        if self.rendition_set:
            seen["frames_seen"] = self.rendition_set.frames_seen
            seen["frames_total"] = self.rendition_set.frames_total
        return seen


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

    @property
    def needs_request(self) -> bool:
        """Whether another request follows at once: of the next rendition, or of another representation."""
        if self.verdict.kind is MatchOutcome.NO_MATCH:
            return bool(self.picture.unchecked)
        is_other = self.picture.representation is not self.ready.picture.representation
        return is_other and self.verdict.kind is not MatchOutcome.UNKNOWN


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


def digest(rendition: Rendition) -> str:
    """Return what a job remembers a rendition by: the first half of its SHA-256, hexadecimal."""
    return hashlib.sha256(rendition.content).hexdigest()[:32]


def get_claimed(ended: Ended) -> ScanRecord:
    """Return the record of an outcome that only follows the claim."""
    assert ended.record, "an outcome that needs a record comes after the claim"  # noqa: S101
    return ended.record
