"""The verification of a whole run."""

from concurrent.futures import Future

import pytest

from local.demo.results import Result
from local.demo.upload import PendingUpload, UploadedVersion, UploadError
from local.demo.verify import verify
from tests.local.demo.factories import uploaded

CLEAN = {"status": "CLEAN"}


def _done(*versions: UploadedVersion) -> PendingUpload:
    future: PendingUpload = Future()
    future.set_result(list(versions))
    return future


def _failed(error: Exception) -> PendingUpload:
    future: PendingUpload = Future()
    future.set_exception(error)
    return future


def _no_differences(_uploaded: UploadedVersion, _result: Result) -> list[str]:
    return []


def test_a_run_as_expected_has_no_problems() -> None:
    one = uploaded()

    [checked_upload], problems = verify([_done(one)], {one.id: CLEAN}, _no_differences)

    assert checked_upload.as_expected
    assert problems == []


def test_a_problem_names_key_and_kind() -> None:
    one = uploaded("a\x1b.jpg")

    [checked_upload], problems = verify([_done(one)], {}, _no_differences)

    assert not checked_upload.as_expected
    assert problems == ["a\\x1b.jpg (clean JPEG): no result"]


def test_a_right_verdict_does_not_outweigh_a_wrong_bucket() -> None:
    one = uploaded()

    [checked_upload], problems = verify([_done(one)], {one.id: CLEAN}, lambda *_: ["it is lost"], timeout=0)

    assert not checked_upload.as_expected
    assert problems == ["a.jpg (clean JPEG): it is lost"]


def test_a_tag_may_come_a_moment_after_the_verdict() -> None:
    one, answers = uploaded(), iter([["no tag yet"], []])

    [checked_upload], problems = verify([_done(one)], {one.id: CLEAN}, lambda *_: next(answers))

    assert checked_upload.as_expected
    assert problems == []


def test_a_version_that_is_not_settled_is_not_checked() -> None:
    one = uploaded()

    def must_not_check(_uploaded: UploadedVersion, _result: Result) -> list[str]:
        raise AssertionError("checked")

    _, problems = verify([_done(one)], {one.id: {"status": "DEFERRED"}}, must_not_check)

    assert len(problems) == 1


def test_an_upload_that_failed_is_a_problem() -> None:
    checked_uploads, problems = verify([_failed(UploadError("a.jpg: refused"))], {}, _no_differences)

    assert checked_uploads == []
    assert problems == ["a.jpg: refused"]


def test_a_defect_of_the_demo_is_raised() -> None:
    with pytest.raises(KeyError):
        verify([_failed(KeyError("oops"))], {}, _no_differences)
