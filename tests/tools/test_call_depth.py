"""The count of stack frames between the handler and the first S3 call."""

import sys
from pathlib import Path

from tools.figures.call_depth import function_environment, functions_within, upload_event

HERE = Path(__file__).resolve()


def _call_inner() -> list[str]:
    return functions_within(sys._getframe(), HERE.parent)


def test_functions_of_the_source_are_listed_outermost_first() -> None:
    name = "test_functions_of_the_source_are_listed_outermost_first"
    assert _call_inner() == [f"{HERE.name}:{name}", f"{HERE.name}:_call_inner"]


def test_functions_of_other_folders_are_not_listed() -> None:
    assert functions_within(sys._getframe(), HERE.parent / "elsewhere") == []


def test_environment_takes_defaults_literals_and_logical_ids() -> None:
    variables = {"RATE": {"Ref": "Rate"}, "ON": {"Ref": "On"}, "SPACE": "Fixed", "TABLE": {"Ref": "Results"}}
    sam = {
        "Globals": {"Function": {"Environment": {"Variables": variables}}},
        "Parameters": {"Rate": {"Default": 10}, "On": {"Default": True}},
    }
    assert function_environment(sam) == {"RATE": "10", "ON": "true", "SPACE": "Fixed", "TABLE": "Results"}


def test_event_names_the_upload() -> None:
    (record,) = upload_event("uploads", "a.jpg")["Records"]
    assert (record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]) == ("uploads", "a.jpg")
