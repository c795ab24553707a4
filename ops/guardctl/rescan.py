"""guardctl rescan: one version, or what is older than a time, is checked again."""

import json as json_text
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ops.errors import CannotProceedError
from ops.guardctl.backfill import Bucket, CurrentOnly, OlderThan, OnlyReason, OnlyStatus, Prefix, begin, make_selection
from ops.guardctl.journal import Journal
from ops.guardctl.options import AsJson, Reason, Version, Yes, ask, check_reason, check_uri, get_target
from ops.guardctl.printing import print_json
from ops.guardctl.target import Target
from ops.guardctl.uploads import Results
from photodna_guard.aws.result_item import parse_upload
from photodna_guard.domain.models import ScanJob, Status

_WAITS = "It waits for its verdict already (guardctl status says why)"
_REFUSED = {
    Status.PENDING: _WAITS,
    Status.DEFERRED: _WAITS,
    Status.MATCHED: "It is a match, and is being moved into quarantine",
    Status.QUARANTINED: "It is a match, and its source is deleted",
}


MaybeUri = Annotated[str | None, typer.Argument(metavar="[s3://BUCKET/KEY]", help="The upload, if it is one.")]


def rescan(
    context: typer.Context,
    reason: Reason,
    uri: MaybeUri = None,
    version: Version = None,
    older_than: OlderThan = "",
    bucket: Bucket = None,
    prefix: Prefix = "",
    status: OnlyStatus = None,
    reason_is: OnlyReason = "",
    current_only: CurrentOnly = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Have one upload checked again; or with --older-than or --status a whole bucket, as a backfill.

    Whatever the result was, unless it is a match or waits already. One upload takes its turn in the retry queue, and a
    bucket comes after all others (guardctl backfill status). Until the new verdict all can be read as before.
    """
    target, why = get_target(context), check_reason(reason)
    if uri:
        return _rescan_one(target, check_uri(uri), version, why, yes, json)
    selection = make_selection(target, bucket, prefix, status, reason_is, older_than, current_only)
    if not (older_than or status):
        raise CannotProceedError("Give s3://BUCKET/KEY, or --older-than or --status for a whole bucket")
    return begin(target, selection, why, yes, json)


def _rescan_one(target: Target, uri: str, version: str | None, why: str, yes: bool, json: bool) -> None:
    item = Results(target).read_version(uri, version)
    check_may_be_rescanned(uri, item)
    ask(f"Check {uri} again? Its result is {item['status']}.", yes)
    with Journal(target).recording("rescan", why, uri, version=item["version"], status=item["status"]):
        send_rescan(target, item)
    print_json({"sent": uri}) if json else print(f"{uri} is in the retry queue. guardctl show has its new result.")


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
    sqs.send_message(QueueUrl=target.stack.output("RetryQueueUrl"), MessageBody=json_text.dumps(job.as_dict()))
