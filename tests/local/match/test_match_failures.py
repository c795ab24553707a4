"""The plan of injected failures: how it is read, and in which order it is used up."""

from typing import Any

import pytest

from local.match.failures import FailurePlan, read_plan


def take_kinds(plan: FailurePlan, objects: list[str | None]) -> list[str | None]:
    taken = [plan.take(one) for one in objects]
    return [failure.kind if failure else None for failure in taken]


def test_each_request_uses_up_one_failure_in_order() -> None:
    plan = read_plan([{"kind": "drop"}, {"kind": "not_json", "count": 2}])

    assert take_kinds(plan, [None] * 4) == ["drop", "not_json", "not_json", None]


def test_failure_forever_applies_to_every_request() -> None:
    plan = read_plan([{"kind": "drop", "forever": True}])

    assert take_kinds(plan, [None] * 50) == ["drop"] * 50


def test_failure_for_an_object_leaves_others_alone() -> None:
    plan = read_plan([{"kind": "drop", "object_contains": "b/x", "forever": True}, {"kind": "truncated"}])

    assert take_kinds(plan, ["b/y", "b/x.png", "b/y", None]) == ["truncated", "drop", None, None]


def test_proper_answer_can_be_planned_between_failures() -> None:
    plan = read_plan([{"kind": "drop"}, {"kind": "ok"}, {"kind": "drop"}])

    assert take_kinds(plan, [None] * 3) == ["drop", "ok", "drop"]


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ({}, "failures must be a list"),
        (["drop"], r"failures\[0\]: kind must be one of"),
        ([{"kind": "ok"}, {"kind": "odd"}], r"failures\[1\]: kind must be one of"),
        ([{"kind": "status"}], "status needs code"),
        ([{"kind": "status", "code": True}], "code cannot be True"),
        ([{"kind": "hang", "seconds": -1}], "seconds cannot be -1"),
        ([{"kind": "hang", "seconds": float("nan")}], "seconds cannot be nan"),
        ([{"kind": "http", "status": 42}], "status cannot be 42"),
        ([{"kind": "http", "status": 500, "retry_after": "soon"}], "retry_after cannot be 'soon'"),
        ([{"kind": "drop", "count": 0}], "count cannot be 0"),
        ([{"kind": "drop", "forever": 1}], "forever cannot be 1"),
        ([{"kind": "drop", "seconds": 1}], "drop knows no seconds"),
    ],
)
def test_faulty_plan_is_refused_with_the_item_and_its_fault(items: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_plan(items)
