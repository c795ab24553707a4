"""decisions.py: each verdict, each error class and each triage, and the outcome that follows from it."""

from dataclasses import replace

import pytest

from photodna_guard.domain import errors
from photodna_guard.domain.models import ObjectHead, Representation, ScanJob, ScanRecord, Status, Upload
from photodna_guard.domain.renditions import Rendition, RenditionSet
from photodna_guard.domain.verdicts import MatchFlag, MatchOutcome, Verdict
from photodna_guard.imaging.triage import Disposition, Triage
from photodna_guard.scanning.decisions import (
    allows_url,
    choose_representation,
    decide,
    decide_error,
    decide_triage,
    pause_seconds,
)
from photodna_guard.scanning.outcomes import (
    Defer,
    Hold,
    NotFound,
    Outcome,
    Quarantine,
    Redeliver,
    Requeue,
    Retry,
    Settle,
)
from photodna_guard.scanning.stages import Picture

NOW = 1000.0
JOB = ScanJob(Upload("uploads", "a.jpg", "etag", "v1"))
RECORD = ScanRecord(Status.PENDING, "lease")
UNTAGGED = Picture(JOB, RECORD, ObjectHead(9, b"head"), Representation.URL, "image/jpeg", allows_url=True)
TAGGED = replace(UNTAGGED, head=ObjectHead(9, b"head", tags=2))
SEEN = {"representation": "url"}
MATCH = Verdict(MatchOutcome.MATCH, tracking_id="T", flags=(MatchFlag("Source"),))
THROTTLED = MatchOutcome.THROTTLED

VERDICTS: dict[str, tuple[Verdict, Outcome]] = {
    "no match": (Verdict(MatchOutcome.NO_MATCH, tracking_id="T"), Settle(Status.CLEAN, tracking_id="T", seen=SEEN)),
    "match": (MATCH, Quarantine(MATCH, is_untagged=True, seen=SEEN | {"size": 9})),
    "wrong size": (
        Verdict(MatchOutcome.WRONG_SIZE, "service-3208", "T"),
        Settle(Status.UNSCANNABLE, "service-3208", "T", SEEN),
    ),
    "not an image": (
        Verdict(MatchOutcome.NOT_AN_IMAGE, "service-3206", "T"),
        Settle(Status.UNSCANNABLE, "service-3206", "T", SEEN),
    ),
    "bad parameter": (
        Verdict(MatchOutcome.BAD_PARAMETER, "service-3002"),
        Settle(Status.UNSCANNABLE, "service-3002", seen=SEEN),
    ),
    "429 with a time": (
        Verdict(THROTTLED, "http-429", retry_after=7.0),
        Defer("http-429", NOW + 7, is_service_unavailable=True),
    ),
    "429 without": (Verdict(THROTTLED, "http-429"), Defer("http-429", NOW + 1, is_service_unavailable=True)),
    "404": (Verdict(MatchOutcome.REJECTED, "http-404", retry_after=9.0), Retry("http-404", 9.0)),
    "401": (Verdict(MatchOutcome.UNAUTHORIZED, "http-401"), Defer("http-401", is_service_unavailable=True)),
    "5xx": (Verdict(MatchOutcome.UNAVAILABLE, "http-500", retry_after=9.0), Retry("http-500", 9.0)),
    "unknown": (Verdict(MatchOutcome.UNKNOWN, "service-3004"), Retry("service-3004")),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_verdict_has_its_outcome(name: str) -> None:
    verdict, outcome = VERDICTS[name]
    assert decide(verdict, UNTAGGED, NOW) == outcome


def test_every_kind_of_verdict_is_decided() -> None:
    assert {verdict.kind for verdict, _ in VERDICTS.values()} == set(MatchOutcome)


def test_only_a_no_match_is_clean() -> None:
    clean = [
        verdict.kind
        for verdict, outcome in VERDICTS.values()
        if outcome == Settle(Status.CLEAN, tracking_id="T", seen=SEEN)
    ]
    assert clean == [MatchOutcome.NO_MATCH]


def test_tags_of_a_match_are_read_where_it_has_any() -> None:
    assert decide(MATCH, TAGGED, NOW) == Quarantine(MATCH, is_untagged=False, seen=SEEN | {"size": 9})


def test_pause_of_zero_seconds_is_no_default() -> None:
    assert pause_seconds(Verdict(THROTTLED, "http-429", retry_after=0.0)) == 0.0


ERRORS: dict[type[errors.GuardError], tuple[errors.GuardError, Outcome, Outcome]] = {
    # The error, the outcome of an upload, and that of a recorded match.
    errors.ObjectGoneError: (
        errors.ObjectGoneError("deleted"),
        Settle(Status.GONE, "deleted"),
        Settle(Status.GONE, "deleted"),
    ),
    errors.ObjectNotFoundError: (errors.ObjectNotFoundError("deleted"), NotFound("deleted"), NotFound("deleted")),
    errors.DecryptionRefusedError: (
        errors.DecryptionRefusedError("kms-key"),
        Retry("kms-key", max_attempts=7),
        Retry("kms-key", max_attempts=7),
    ),
    errors.UnscannableError: (
        errors.UnscannableError("archived"),
        Settle(Status.UNSCANNABLE, "archived"),
        Retry("archived"),
    ),
    errors.AwaitingOperatorError: (errors.AwaitingOperatorError("observe"), Hold("observe"), Hold("observe")),
    errors.LeaseHeldError: (errors.LeaseHeldError("other", until=8.0), Requeue(8.0), Requeue(8.0)),
    errors.DeferrableError: (
        errors.DeferrableError("no time left", until=8.0),
        Defer("no time left", 8.0),
        Defer("no time left", 8.0),
    ),
    errors.SlotUnavailableError: (
        errors.SlotUnavailableError("no slot", until=8.0),
        Defer("no slot", 8.0, is_slot_awaited=True),
        Defer("no slot", 8.0, is_slot_awaited=True),
    ),
    errors.ServiceUnavailableError: (
        errors.ServiceUnavailableError("paused", until=8.0),
        Defer("paused", 8.0, is_service_unavailable=True),
        Defer("paused", 8.0, is_service_unavailable=True),
    ),
    errors.ServiceUnreachableError: (
        errors.ServiceUnreachableError("refused"),
        Defer("refused", is_service_unavailable=True),
        Defer("refused", is_service_unavailable=True),
    ),
    errors.KeyUnavailableError: (
        errors.KeyUnavailableError("no key"),
        Defer("no key", is_service_unavailable=True),
        Defer("no key", is_service_unavailable=True),
    ),
    errors.RetryableError: (
        errors.RetryableError("failed", retry_after=3.0),
        Retry("failed", 3.0),
        Retry("failed", 3.0),
    ),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_error_has_its_outcome(kind: type[errors.GuardError]) -> None:
    error, outcome, of_match = ERRORS[kind]
    assert decide_error(error, is_match=False) == outcome
    assert decide_error(error, is_match=True) == of_match


def test_every_error_that_a_step_raises_is_decided() -> None:
    """The others end a whole invocation: an event that cannot be read, settings, what Lambda must redeliver."""
    of_invocations = {errors.ConfigurationError, errors.MalformedEventError, errors.RedeliveryRequiredError}
    every = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.GuardError)}
    assert every - of_invocations - {errors.GuardError} == ERRORS.keys()


def test_match_is_never_settled_as_unscannable() -> None:
    settled = [of_match for _, _, of_match in ERRORS.values() if isinstance(of_match, Settle)]
    assert [outcome.status for outcome in settled] == [Status.GONE]


def test_unforeseen_error_is_redelivered_without_its_text() -> None:
    try:
        raise ValueError("https://bucket/key?X-Amz-Signature=5ec2e7")
    except ValueError as error:
        outcome = decide_error(error, is_match=False)
    assert isinstance(outcome, Redeliver)
    assert outcome.reason.startswith("unforeseen ValueError at ")
    assert "5ec2e7" not in outcome.reason


@pytest.mark.parametrize(
    ("triage", "outcome"),
    [
        (Triage(Disposition.BY_URL, media_type="image/jpeg"), None),
        (Triage(Disposition.NOT_AN_IMAGE, "empty"), Settle(Status.SKIPPED, "empty")),
        (Triage(Disposition.NOT_AN_IMAGE, "video"), Settle(Status.SKIPPED, "video")),
        (Triage(Disposition.UNSCANNABLE, "format-svg"), Settle(Status.UNSCANNABLE, "format-svg")),
        (Triage(Disposition.RENDITION), None),
        (Triage(Disposition.BY_VALUE, media_type="image/jpeg"), None),
    ],
)
def test_triage_has_its_outcome(triage: Triage, outcome: Outcome | None) -> None:
    assert decide_triage(triage) == outcome


URL, BYTES, RENDITION = Representation
UNPINNED = ScanJob(Upload("uploads", "a.jpg", "etag"))


@pytest.mark.parametrize(
    ("way", "job", "default", "avoid_urls", "representation"),
    [
        (Disposition.BY_URL, JOB, URL, False, URL),
        (Disposition.BY_URL, JOB, URL, True, BYTES),
        (Disposition.BY_URL, UNPINNED, URL, False, BYTES),
        (Disposition.BY_URL, replace(JOB, representation=BYTES), URL, False, BYTES),
        (Disposition.BY_URL, replace(JOB, representation=RENDITION), URL, True, RENDITION),
        (Disposition.BY_URL, JOB, RENDITION, False, RENDITION),
        (Disposition.BY_VALUE, JOB, URL, False, BYTES),
        (Disposition.BY_VALUE, JOB, RENDITION, False, RENDITION),
        (Disposition.RENDITION, JOB, URL, False, RENDITION),
        (Disposition.RENDITION, UNPINNED, URL, True, RENDITION),
    ],
)
def test_representation_follows_from_triage_job_and_stack(
    way: Disposition, job: ScanJob, default: Representation, avoid_urls: bool, representation: Representation
) -> None:
    assert choose_representation(Triage(way), job, default, avoid_urls) is representation


def test_url_is_allowed_for_a_pinned_picture_only() -> None:
    assert allows_url(Triage(Disposition.BY_URL), JOB, URL)
    assert not allows_url(Triage(Disposition.BY_URL), UNPINNED, URL)
    assert not allows_url(Triage(Disposition.BY_URL), JOB, RENDITION)
    assert not allows_url(Triage(Disposition.BY_VALUE), JOB, URL)


def test_no_match_of_an_inconclusive_look_is_unscannable() -> None:
    seen = RenditionSet((Rendition(b"1"),), 1, 1, "format-raw")
    picture = replace(UNTAGGED, representation=RENDITION, rendition_set=seen)
    outcome = decide(Verdict(MatchOutcome.NO_MATCH, tracking_id="T"), picture, NOW)
    assert isinstance(outcome, Settle)
    assert (outcome.status, outcome.reason) == (Status.UNSCANNABLE, "format-raw")


def test_match_of_an_inconclusive_look_is_a_match() -> None:
    seen = RenditionSet((Rendition(b"1", frame=7),), 2, 9, "format-raw")
    outcome = decide(MATCH, replace(UNTAGGED, representation=RENDITION, rendition_set=seen), NOW)
    assert isinstance(outcome, Quarantine)
    frames = {"frames_seen": 2, "frames_total": 9, "matched_frame": 7}
    assert outcome.seen == {"representation": "rendition", "size": 9} | frames
