"""Has a version checked again: its result, as it is now, is to be opened once more."""

import json
from collections.abc import Mapping
from typing import Any

from ops.errors import CannotProceedError
from ops.guardctl.target import Target
from photodna_guard.aws.result_item import parse_upload
from photodna_guard.domain.models import ScanJob, Status

_WAITS = "It waits for its verdict already (guardctl status says why)"
_REFUSED = {
    Status.PENDING: _WAITS,
    Status.DEFERRED: _WAITS,
    Status.MATCHED: "It is a match, and is being moved into quarantine",
    Status.QUARANTINED: "It is a match, and its source is deleted",
}


def check_may_be_rescanned(uri: str, item: Mapping[str, Any]) -> None:
    """Raise CannotProceedError for a result that no new check may replace."""
    why = _REFUSED.get(Status(item["status"]))
    if why:
        raise CannotProceedError(f"{uri} is {item['status']}. {why}")


def send_rescan(target: Target, item: Mapping[str, Any]) -> None:
    """Send the version to the retry queue. Raises botocore's errors.

    The job names when the result was settled: delivered twice, it opens the result once.
    """
    job = ScanJob(parse_upload(item), rescan=True, reopen_settled_until=str(item["settled_at"]))
    sqs = target.client("sqs")
    sqs.send_message(QueueUrl=target.stack.output("RetryQueueUrl"), MessageBody=json.dumps(job.as_dict()))
