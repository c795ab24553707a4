"""aws/event_bus.py: what is told to who listens."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from jsonschema import Draft202012Validator, FormatChecker

from photodna_guard.aws.event_bus import EventBus
from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import ScanRecord, Status, Upload
from tests.aws.results import COPY, NOW, UNVERSIONED, UPLOAD

SCHEMAS = Path(__file__).resolve().parents[2] / "docs/schemas"
SCHEMA = json.loads((SCHEMAS / "settled-1.schema.json").read_text())
ENDS = [status for status in Status if status.settled and status is not Status.CLEAN]


def a_record(status: Status, **more: Any) -> ScanRecord:
    return ScanRecord(status, "", received=NOW, published=False, **more)


class Listener:
    """Keeps what is put on the bus, and answers as it is told to."""

    def __init__(self, code: str = "") -> None:
        self.entries: list[dict[str, Any]] = []
        self._code = code

    def put_events(self, *, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803 - as boto3 has it
        self.entries += Entries
        return {"FailedEntryCount": int(bool(self._code)), "Entries": [{"ErrorCode": self._code}]}


def detail(record: ScanRecord, upload: Upload = UPLOAD) -> dict[str, Any]:
    listener = Listener()
    EventBus(listener, "stack").publish_settled(upload, record)  # type: ignore[arg-type]
    (entry,) = listener.entries
    told: dict[str, Any] = json.loads(entry["Detail"])
    return told


@pytest.mark.parametrize("upload", [UPLOAD, UNVERSIONED, Upload("uploads", 'ü"\n😀/\x7f' + "k" * 1000, "etag", "v1")])
@pytest.mark.parametrize("status", ENDS)
def test_what_is_told_of_every_end_is_as_the_schema_says(status: Status, upload: Upload) -> None:
    for copy in (None, COPY):
        told = detail(a_record(status, copy=copy, reason="http-500"), upload)
        Draft202012Validator(SCHEMA, format_checker=FormatChecker()).validate(told)
        assert (told["bucket"], told["key"]) == (upload.bucket, upload.key)
        assert (told["upload"], told["version"]) == (upload.id, upload.version)


def test_the_schema_names_every_end_but_a_clean_one() -> None:
    assert set(SCHEMA["properties"]["status"]["enum"]) == set(ENDS)


def test_a_quarantined_upload_is_told_with_where_its_copy_lies() -> None:
    told = detail(a_record(Status.QUARANTINED, copy=COPY, is_test=True))
    assert (told["quarantine_key"], told["is_test"], told["stack"]) == ("key", True, "stack")
    assert told["received_at"] == "2027-01-15T08:00:00.000Z"


def test_nothing_told_is_a_url_or_a_key_of_a_subscription() -> None:
    assert "://" not in json.dumps(detail(a_record(Status.QUARANTINED, copy=COPY)))


def test_the_event_goes_to_the_default_bus_as_the_templates_rule_expects_it() -> None:
    listener = Listener()
    EventBus(listener, "stack").publish_settled(UPLOAD, a_record(Status.GONE))  # type: ignore[arg-type]
    (entry,) = listener.entries
    assert (entry["Source"], entry["DetailType"]) == ("photodna-guard", "Upload Settled")
    assert "EventBusName" not in entry


@pytest.mark.parametrize(
    ("code", "error"), [("ThrottlingException", DeferrableError), ("InternalFailure", RetryableError)]
)
def test_an_entry_that_failed_is_told_again_though_the_call_went_well(code: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"events:PutEvents: {code}"):
        EventBus(Listener(code), "stack").publish_settled(UPLOAD, a_record(Status.GONE))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "error"), [("ThrottlingException", DeferrableError), ("AccessDeniedException", RetryableError)]
)
def test_a_refused_call_is_made_again_later(code: str, error: type[Exception]) -> None:
    client = boto3.client("events")
    with Stubber(client) as stubber:
        stubber.add_client_error("put_events", code)
        with pytest.raises(error, match=f"events:PutEvents: {code}"):
            EventBus(client, "stack").publish_settled(UPLOAD, a_record(Status.GONE))
