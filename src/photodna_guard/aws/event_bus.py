"""EventBridge: one event for each settled upload that is not clean. It contains no URL and no key.

docs/schemas/settled-1.schema.json describes the event's detail.
"""

import json
from typing import TYPE_CHECKING

from photodna_guard.aws.error_translation import THROTTLING_CODES, translate_aws_errors
from photodna_guard.domain.errors import DeferrableError, RetryableError
from photodna_guard.domain.models import ScanRecord, Upload
from photodna_guard.domain.timestamps import to_iso

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE, DETAIL_TYPE = "photodna-guard", "Upload Settled"
SCHEMA_ID = "photodna-guard/settled/1"


class EventBus:
    """The account's default event bus."""

    def __init__(self, client: "EventBridgeClient", stack: str) -> None:
        """`stack`: the stack's name, which distinguishes the events of several deployments."""
        self._client, self._stack = client, stack

    def publish_settled(self, upload: Upload, record: ScanRecord) -> None:
        """Publish the outcome of an upload, at least once: subscribers deduplicate by upload, version and status.

        Raises DeferrableError or RetryableError.
        """
        entry: PutEventsRequestEntryTypeDef = {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": json.dumps(self._detail(upload, record)),
        }
        with translate_aws_errors("events:PutEvents"):
            answer = self._client.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            code = answer["Entries"][0].get("ErrorCode", "unknown")
            raise (DeferrableError if code in THROTTLING_CODES else RetryableError)(f"events:PutEvents: {code}")

    def _detail(self, upload: Upload, record: ScanRecord) -> dict[str, object]:
        return {
            "schema": SCHEMA_ID,
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
