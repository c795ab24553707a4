"""The comparison of results with what was expected."""

from local.demo import verdicts
from local.demo.picture import CLEAN, QUARANTINED, UNSCANNABLE
from tests.local_demo.made import uploaded


def test_the_expected_verdict_is_no_fault() -> None:
    assert verdicts.faults(uploaded(), {"status": "CLEAN"}) == []


def test_any_of_several_expected_verdicts_is_right() -> None:
    either = uploaded(expected=CLEAN | {"GONE"})

    assert verdicts.faults(either, {"status": "GONE"}) == []


def test_another_verdict_is_a_fault_that_names_both() -> None:
    [fault] = verdicts.faults(uploaded(expected=QUARANTINED), {"status": "CLEAN"})

    assert "CLEAN" in fault
    assert "QUARANTINED" in fault


def test_no_result_at_all_is_a_fault() -> None:
    assert verdicts.faults(uploaded(), None) == ["no result"]


def test_an_unfinished_result_is_a_fault_that_names_its_status() -> None:
    [fault] = verdicts.faults(uploaded(), {"status": "DEFERRED"})

    assert "DEFERRED" in fault


def test_a_wrong_reason_is_a_fault() -> None:
    small = uploaded(expected=UNSCANNABLE, reason="too-small")

    assert verdicts.faults(small, {"status": "UNSCANNABLE", "reason": "too-small"}) == []
    assert verdicts.faults(small, {"status": "UNSCANNABLE", "reason": "too-large"})
    assert verdicts.faults(small, {"status": "UNSCANNABLE"})


def test_an_incident_taken_for_a_test_is_a_fault() -> None:
    incident = uploaded(expected=QUARANTINED, is_test=False)

    assert verdicts.faults(incident, {"status": "QUARANTINED", "is_test": False}) == []
    assert verdicts.faults(incident, {"status": "QUARANTINED", "is_test": True})


def test_a_result_for_what_was_never_uploaded_is_a_fault() -> None:
    one = uploaded()

    assert verdicts.unexpected([one], {one.id: {}}) == []
    assert verdicts.unexpected([one], {one.id: {}, ("uploads/ghost", "v1"): {}})
