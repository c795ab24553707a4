"""The comparison of results with the expected results."""

from local.demo import result_checks
from local.demo.picture import CLEAN, QUARANTINED, UNSCANNABLE
from tests.local.demo.factories import uploaded


def test_the_expected_verdict_is_no_problem() -> None:
    assert result_checks.find_problems(uploaded(), {"status": "CLEAN"}) == []


def test_any_of_several_expected_verdicts_is_right() -> None:
    either = uploaded(expected=CLEAN | {"GONE"})

    assert result_checks.find_problems(either, {"status": "GONE"}) == []


def test_another_verdict_is_a_problem_that_names_both() -> None:
    [problem] = result_checks.find_problems(uploaded(expected=QUARANTINED), {"status": "CLEAN"})

    assert "CLEAN" in problem
    assert "QUARANTINED" in problem


def test_no_result_at_all_is_a_problem() -> None:
    assert result_checks.find_problems(uploaded(), None) == ["no result"]


def test_an_unfinished_result_is_a_problem_that_names_its_status() -> None:
    [problem] = result_checks.find_problems(uploaded(), {"status": "DEFERRED"})

    assert "DEFERRED" in problem


def test_a_wrong_reason_is_a_problem() -> None:
    small = uploaded(expected=UNSCANNABLE, reason="too-small")

    assert result_checks.find_problems(small, {"status": "UNSCANNABLE", "reason": "too-small"}) == []
    assert result_checks.find_problems(small, {"status": "UNSCANNABLE", "reason": "too-large"})
    assert result_checks.find_problems(small, {"status": "UNSCANNABLE"})


def test_an_incident_taken_for_a_test_is_a_problem() -> None:
    incident = uploaded(expected=QUARANTINED, is_test=False)

    assert result_checks.find_problems(incident, {"status": "QUARANTINED", "is_test": False}) == []
    assert result_checks.find_problems(incident, {"status": "QUARANTINED", "is_test": True})


def test_a_result_for_what_was_never_uploaded_is_a_problem() -> None:
    one = uploaded()

    assert result_checks.find_unexpected_results([one], {one.id: {}}) == []
    assert result_checks.find_unexpected_results([one], {one.id: {}, ("uploads/ghost", "v1"): {}})


def test_match_in_another_frame_is_a_problem() -> None:
    last = uploaded(expected=QUARANTINED, matched_frame=11)

    assert result_checks.find_problems(last, {"status": "QUARANTINED", "matched_frame": 11}) == []
    assert result_checks.find_problems(last, {"status": "QUARANTINED", "matched_frame": 0})
    assert result_checks.find_problems(last, {"status": "QUARANTINED"})


def test_other_numbers_of_frames_are_a_problem() -> None:
    animation = uploaded(frames=(5, 8))

    assert result_checks.find_problems(animation, {"status": "CLEAN", "frames_seen": 5, "frames_total": 8}) == []
    assert result_checks.find_problems(animation, {"status": "CLEAN", "frames_seen": 1, "frames_total": 8})
    assert result_checks.find_problems(animation, {"status": "CLEAN"})
