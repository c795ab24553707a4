"""guardctl allow and deny: a person decides whether one version may be read, where no verdict says so."""

import json
import re
from typing import Any

import typer

from ops.errors import CannotProceedError
from ops.guardctl.journal import Journal
from ops.guardctl.options import AsJson, Reason, Uri, Version, Yes, ask, check_reason, get_target
from ops.guardctl.printing import print_json
from ops.guardctl.target import Target
from ops.guardctl.uploads import Results
from photodna_guard.aws.result_item import parse_decision, parse_upload
from photodna_guard.domain.models import ScanJob, Status
from photodna_guard.domain.timestamps import to_iso
from photodna_guard.scanning.status_tags import ALLOWED, UNSEEN_SKIPPED_REASONS

# A function that read the result before the decision may still set the tag of then. So the job comes a second time,
# after the longest time for which a function runs.
_REPEAT_SECONDS = 180
_MOST_WAITED_SECONDS, _POLL_SECONDS = 10.0, 0.5
_TAKEN_UP, _QUEUED = "taken up", "queued"


def allow(
    context: typer.Context, uri: Uri, reason: Reason, version: Version = None, yes: Yes = False, json: AsJson = False
) -> None:
    """Let one upload be read that nobody can scan, or a document, video, sound or archive: you looked at it.

    Its tag becomes allowed, which is one of the default ReadableStatuses. It leaves the list of what needs attention.
    It also takes a deny back. A later check that finds a match quarantines it all the same.
    """
    _decide(context, uri, reason, version, yes, json, is_allowed=True)


def deny(
    context: typer.Context, uri: Uri, reason: Reason, version: Version = None, yes: Yes = False, json: AsJson = False
) -> None:
    """Let nobody read one upload that is no match, also a clean one: you saw what no database knows.

    Its tag becomes denied, and no later check opens it. It also takes an allow back. What somebody has read already
    does not come back, and other copies of the same picture are not found by it.
    """
    _decide(context, uri, reason, version, yes, json, is_allowed=False)


def _decide(
    context: typer.Context, uri: str, reason: str, version: str | None, yes: bool, json: bool, *, is_allowed: bool
) -> None:
    target, why = get_target(context), check_reason(reason)
    results = Results(target)
    item = results.read_version(uri, version)
    check_may_be_decided(uri, item, is_allowed)
    _check_stack(target, is_opened=is_allowed and (is_unseen(item) or item["status"] == Status.UNSCANNABLE))
    action = "allow" if is_allowed else "deny"
    ask(f"{action.capitalize()} reading {uri}? Its result is {item['status']} {item.get('reason', '')}".strip(), yes)
    decision = {"allowed": is_allowed, "by": target.who, "at": to_iso(target.now()), "reason": why}
    with Journal(target).recording(action, why, uri, version=item["version"], status=item["status"]):
        if not results.decide(item, decision, target.now()):
            raise CannotProceedError(f"{uri} has changed meanwhile. Look at it again (guardctl show)")
        send_decided(target, item)
    state = _wait_until_taken_up(target, uri, item)
    print_json({action: uri, "version": item["version"], "state": state}) if json else print(_describe(uri, state))


def check_may_be_decided(uri: str, item: dict[str, Any], is_allowed: bool) -> None:
    """Raise CannotProceedError for a result about which nobody may decide."""
    status, name = Status(item["status"]), f"{uri} is {item['status']}"
    if status in (Status.MATCHED, Status.QUARANTINED) or item.get("matches"):
        raise CannotProceedError(f"{name}, a match. No decision opens it, and nobody can read it")
    if not status.settled:
        raise CannotProceedError(f"{name}. Decide once it has its result (guardctl status says why it waits)")
    if status is Status.GONE:
        raise CannotProceedError(f"{name}: it was deleted or overwritten, and there is nothing to decide about")
    if str(item["version"]).startswith("etag:"):
        raise CannotProceedError(f"{uri} has no version id, and S3 cannot pin a tag to its bytes. No tag is set there")
    if item.get("needs_attention") == "UNTAGGED":
        raise CannotProceedError(f"{uri} has no room for a tag. Remove one of its tags and give guardctl rescan first")
    if is_allowed:
        _check_may_be_allowed(name, status, item)


def _check_may_be_allowed(name: str, status: Status, item: dict[str, Any]) -> None:
    if status is Status.FAILED:
        raise CannotProceedError(f"{name}: it was not checked yet. Redrive it first (guardctl redrive)")
    if not (status is Status.UNSCANNABLE or is_unseen(item) or parse_decision(item)):
        raise CannotProceedError(f"{name}, and can be read already")


def is_unseen(item: dict[str, Any]) -> bool:
    """Return whether a skipped upload may show pictures that nobody looked at."""
    return item["status"] == Status.SKIPPED and item.get("reason") in UNSEEN_SKIPPED_REASONS


def _check_stack(target: Target, is_opened: bool) -> None:
    """Raise CannotProceedError where the stack's read gate takes no account of the tag."""
    parameters = target.stack.parameters
    if parameters.get("ReadGate", "on") != "on":
        raise CannotProceedError("The stack has ReadGate=off: every upload but a match can be read, whatever its tag")
    if is_opened and ALLOWED not in re.findall(r"\w+", parameters.get("ReadableStatuses", ALLOWED)):
        raise CannotProceedError("allowed is none of the stack's ReadableStatuses. Deploy with it, and try again")


def send_decided(target: Target, item: dict[str, Any]) -> None:
    """Send the version to the retry queue, now and once more later. Raises botocore's errors.

    The later one goes first: whatever ends this process, the last tag says what was decided.
    """
    sqs, url = target.client("sqs"), target.stack.output("RetryQueueUrl")
    body = json.dumps(ScanJob(parse_upload(item)).as_dict())
    for delay in (_REPEAT_SECONDS, 0):
        sqs.send_message(QueueUrl=url, MessageBody=body, DelaySeconds=delay)


def _wait_until_taken_up(target: Target, uri: str, item: dict[str, Any]) -> str:
    """Wait some seconds until a scanner has set the tag. Nobody but the scanners can read the tag itself."""
    ends = target.now() + _MOST_WAITED_SECONDS
    while target.now() < ends:
        target.sleep(_POLL_SECONDS)
        if "unsettled" not in Results(target).read_version(uri, str(item["version"])):
            return _TAKEN_UP
    return _QUEUED


def _describe(uri: str, state: str) -> str:
    if state == _TAKEN_UP:
        return f"The decision about {uri} is taken up: its tag is set, if the version is still there."
    return (
        f"The decision about {uri} waits in the retry queue, and its tag is set when its turn comes (guardctl status)."
    )
