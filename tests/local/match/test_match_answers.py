"""The exact shape of the answers."""

from local.match import answers
from local.match.hash_list import HashMatch


def test_match_has_every_documented_field() -> None:
    found = [HashMatch("Test", "42", ("A1", "B2"), 7), HashMatch("Emulated", "9", (), 12)]

    assert answers.match_answer(found, "T1", evaluated=False) == {
        "Status": {"Code": 3000, "Description": "OK", "Exception": None},
        "TrackingId": "T1",
        "ContentId": None,
        "IsMatch": True,
        "MatchDetails": {
            "AdvancedInfo": [],
            "MatchFlags": [
                {
                    "AdvancedInfo": [{"Key": "MatchId", "Value": "42"}],
                    "Source": "Test",
                    "Violations": ["A1", "B2"],
                    "MatchDistance": 7,
                },
                {
                    "AdvancedInfo": [{"Key": "MatchId", "Value": "9"}],
                    "Source": "Emulated",
                    "Violations": [],
                    "MatchDistance": 12,
                },
            ],
        },
        "XPartnerCustomerId": None,
        "EvaluateResponse": None,
    }


def test_answer_without_a_listed_picture_is_no_match() -> None:
    answer = answers.match_answer([], "T1", evaluated=False)

    assert (answer["Status"]["Code"], answer["IsMatch"]) == (3000, False)
    assert answer["MatchDetails"] == {"AdvancedInfo": [], "MatchFlags": []}


def test_evaluation_has_every_documented_field() -> None:
    evaluation = answers.match_answer([], "T1", evaluated=True)["EvaluateResponse"]

    assert {name: type(value) for name, value in evaluation.items()} == {
        "AdultClassificationScore": float,
        "IsImageAdultClassified": bool,
        "RacyClassificationScore": float,
        "IsImageRacyClassified": bool,
        "AdvancedInfo": list,
        "Result": bool,
        "Status": dict,
        "TrackingId": str,
    }


def test_refusal_has_the_same_fields_as_a_match() -> None:
    refusal = answers.refusal_answer(answers.NOT_AN_IMAGE, "why", "T1")

    assert refusal.keys() == answers.match_answer([], "T1", evaluated=False).keys()
    assert refusal["Status"]["Code"] == 3206
    assert refusal["Status"]["Exception"] == "why"
    assert refusal["Status"]["Description"]
    assert refusal["IsMatch"] is False
