"""EventBridge: an event for each settled upload that is not clean. No URL, no key in it.

Its detail is what docs/schemas/settled-1.schema.json says.
"""

import json
from typing import TYPE_CHECKING

from photodna_guard.aws.error_translation import THROTTLED, translate_aws_errors
from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import ScanRecord, Upload, to_iso

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE, DETAIL_TYPE = "photodna-guard", "Upload Settled"


class EventBus:
    """The account's default event bus. Its methods raise Busy and TryAgain."""

    def __init__(self, client: "EventBridgeClient", stack: str) -> None:
        """`stack`: the name that tells this deployment's events from another's."""
        self._client, self._stack = client, stack

    def publish_settled(self, upload: Upload, record: ScanRecord) -> None:
        """Announces how an upload ended. At least once: who listens goes by `upload`, `version` and `status`."""
        detail = {
            "schema": "photodna-guard/settled/1",
            "stack": self._stack,
            "upload": upload.id,
            "bucket": upload.bucket,
            "key": upload.key,
            "version": upload.version,
            "status": record.status,
            "reason": record.reason,
            "is_test": record.is_test,
            "quarantine_key": record.copy.key if record.copy else None,
            "received_at": to_iso(record.received),
        }
        entry: PutEventsRequestEntryTypeDef = {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": json.dumps(detail),
        }
        with translate_aws_errors("events:PutEvents"):
            answer = self._client.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            what = answer["Entries"][0].get("ErrorCode", "unknown")
            raise (DeferrableError if what in THROTTLED else RetryableError)(f"events:PutEvents: {what}")
