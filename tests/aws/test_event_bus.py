"""aws/event_bus.py: the events of settled uploads."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from photodna_guard.aws.event_bus import EventBus
from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import ScanRecord, Status, Upload
from tests.support.clock import NOW
from tests.support.factories import COPY, UNVERSIONED_UPLOAD, UPLOAD
from tests.support.schemas import assert_valid, load_schema

ODD_UPLOAD = Upload("uploads", 'ü"\n😀/\x7f' + "k" * 1000, "etag", "v1")
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


@pytest.mark.parametrize(
    "upload", [UPLOAD, UNVERSIONED_UPLOAD, Upload("uploads", 'ü"\n😀/\x7f' + "k" * 1000, "etag", "v1")]
)
@pytest.mark.parametrize("status", ENDS)
def test_event_of_every_status_is_valid(status: Status, upload: Upload) -> None:
    for copy in (None, COPY):
        told = detail(a_record(status, copy=copy, reason="http-500"), upload)
        assert_valid(told, "settled-1")
        assert (told["bucket"], told["key"]) == (upload.bucket, upload.key)
        assert (told["upload"], told["version"]) == (upload.id, upload.version)


def test_schema_names_every_settled_status_but_clean() -> None:
    assert set(load_schema("settled-1")["properties"]["status"]["enum"]) == set(ENDS)


def test_event_of_quarantined_upload_names_its_copy() -> None:
    told = detail(a_record(Status.QUARANTINED, copy=COPY, is_test=True))
    assert (told["quarantine_key"], told["is_test"], told["stack"]) == ("key", True, "stack")
    assert told["received_at"] == "2027-01-15T08:00:00.000Z"


def test_event_holds_no_url() -> None:
    assert "://" not in json.dumps(detail(a_record(Status.QUARANTINED, copy=COPY)))


def test_event_matches_the_templates_rule() -> None:
    listener = Listener()
    EventBus(listener, "stack").publish_settled(UPLOAD, a_record(Status.GONE))  # type: ignore[arg-type]
    (entry,) = listener.entries
    assert (entry["Source"], entry["DetailType"]) == ("photodna-guard", "Upload Settled")
    assert "EventBusName" not in entry


@pytest.mark.parametrize(
    ("code", "error"), [("ThrottlingException", DeferrableError), ("InternalFailure", RetryableError)]
)
def test_failed_entry_of_a_successful_call_is_retried(code: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"events:PutEvents: {code}"):
        EventBus(Listener(code), "stack").publish_settled(UPLOAD, a_record(Status.GONE))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "error"), [("ThrottlingException", DeferrableError), ("AccessDeniedException", RetryableError)]
)
def test_refused_call_is_retried(code: str, error: type[Exception]) -> None:
    client = boto3.client("events")
    with Stubber(client) as stubber:
        stubber.add_client_error("put_events", code)
        with pytest.raises(error, match=f"events:PutEvents: {code}"):
            EventBus(client, "stack").publish_settled(UPLOAD, a_record(Status.GONE))
