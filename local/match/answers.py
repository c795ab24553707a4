"""The answers of the Match operation as JSON values, in the exact shape of its reference (pure)."""

from collections.abc import Sequence
from typing import Any, Final

from local.match.hash_list import HashMatch

OK: Final = 3000
INVALID: Final = 3002
UNHANDLED: Final = 3004
NOT_AN_IMAGE: Final = 3206
SIZE_NOT_ALLOWED: Final = 3208
REQUEST_TOO_LARGE: Final = 3209

DESCRIPTIONS: Final = {
    OK: "OK",
    INVALID: "Invalid or missing request parameter(s)",
    UNHANDLED: "Unknown scenario or unhandled error occurred while processing request",
    NOT_AN_IMAGE: "The given file could not be verified as an image",
    SIZE_NOT_ALLOWED: "Image size in pixels is not within allowed range",
    REQUEST_TOO_LARGE: "Request size exceeded",
}

GATEWAY_MESSAGES: Final = {
    401: "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.",
    403: "Out of call volume quota. Quota will be replenished later.",
    404: "Resource not found",
    411: "Length Required",
    413: "Request body is too large",
    429: "Rate limit is exceeded. Try again in {} seconds.",
}


class RefusalError(Exception):
    """The picture or the request cannot be matched. `code` is a documented status code; the message says why."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


def match_answer(found: Sequence[HashMatch], tracking_id: str, *, evaluated: bool) -> dict[str, Any]:
    """Return the answer for a picture that was looked up. An empty `found` is no match."""
    answer = _answer(OK, None, tracking_id)
    answer["IsMatch"] = bool(found)
    answer["MatchDetails"]["MatchFlags"] = [_match_flag(one) for one in found]
    answer["EvaluateResponse"] = _evaluation(tracking_id) if evaluated else None
    return answer


def refusal_answer(code: int, why: str | None, tracking_id: str) -> dict[str, Any]:
    """Return the answer for a picture that could not be looked up. Its `IsMatch` is false and means nothing."""
    return _answer(code, why, tracking_id)


def gateway_answer(status: int, retry_after: int | None = None) -> dict[str, Any]:
    """Return the body of an HTTP error of Azure API Management. `retry_after` is in seconds; None stands for 1."""
    message = GATEWAY_MESSAGES.get(status, "Internal server error")
    return {"statusCode": status, "message": message.format(1 if retry_after is None else retry_after)}


def _answer(code: int, why: str | None, tracking_id: str) -> dict[str, Any]:
    return {
        "Status": _status(code, why),
        "TrackingId": tracking_id,
        "ContentId": None,
        "IsMatch": False,
        "MatchDetails": {"AdvancedInfo": [], "MatchFlags": []},
        "XPartnerCustomerId": None,
        "EvaluateResponse": None,
    }


def _status(code: int, why: str | None) -> dict[str, Any]:
    return {"Code": code, "Description": DESCRIPTIONS.get(code, "Unknown"), "Exception": why}


def _match_flag(found: HashMatch) -> dict[str, Any]:
    return {
        "AdvancedInfo": [{"Key": "MatchId", "Value": found.match_id}],
        "Source": found.source,
        "Violations": list(found.violations),
        "MatchDistance": found.distance,
    }


def _evaluation(tracking_id: str) -> dict[str, Any]:
    # The emulator classifies nothing, so the scores are constants. Round numbers show it.
    return {
        "AdultClassificationScore": 0.01,
        "IsImageAdultClassified": False,
        "RacyClassificationScore": 0.02,
        "IsImageRacyClassified": False,
        "AdvancedInfo": [],
        "Result": False,
        "Status": _status(OK, None),
        "TrackingId": tracking_id,
    }
