"""What an operator left unscanned is SKIPPED with its reason: no read, no request, but never a match."""

from dataclasses import replace

import pytest

from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.domain.scan_scope import ScanScope
from tests.support.factories import MATCH
from tests.support.scanner_world import ScannerWorld, upload

LEFT_OUT = ScanScope(left_out=(("uploads", ""),))
TRUSTED = ScanScope(trusted=frozenset({"AROAEXAMPLEROLE12345"}))


def job_of(role: str) -> ScanJob:
    return ScanJob(replace(upload(), principal=f"AWS:{role}:session"))


@pytest.mark.parametrize(("scope", "reason"), [(LEFT_OUT, "prefix-left-out"), (TRUSTED, "trusted-writer")])
def test_upload_is_recorded_and_tagged_without_being_read(scope: ScanScope, reason: str) -> None:
    world = ScannerWorld()
    world.rules.scope = scope
    world.upload_bucket.fails = {"read_head": [AssertionError("it is not read")]}
    assert world.scan(job_of("AROAEXAMPLEROLE12345")) == [True]
    assert world.results.status() is Status.SKIPPED
    assert world.results.attributes["v1a.jpg"]["reason"] == reason
    assert world.upload_bucket.tags == {"a.jpg": reason}, "the read gate keeps it closed"
    assert (world.rate_limiter.reserved, world.match_api.sent) == ([], [])


def test_other_writer_is_scanned() -> None:
    world = ScannerWorld()
    world.rules.scope = TRUSTED
    world.scan(job_of("AROAOTHER1234567890"))
    assert world.results.status() is Status.CLEAN


def test_match_is_moved_though_its_prefix_was_left_out_since() -> None:
    world = ScannerWorld(MATCH)
    world.deletion_limit.is_tripped = True
    world.scan()
    assert world.results.status() is Status.MATCHED
    world.deletion_limit.is_tripped, world.rules.scope = False, LEFT_OUT
    world.scan()
    assert world.results.status() is Status.QUARANTINED
