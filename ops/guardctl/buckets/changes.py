"""The changes of a bucket's set-up: shown as a diff or as commands, made one by one, and each read back."""

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Any

from ops.errors import CannotProceedError
from ops.guardctl.buckets.facts import EVENT_BRIDGE, BucketFacts, BucketReader
from ops.guardctl.buckets.policy import is_same_policy, list_statements

# S3 may show a change some seconds later.
_MAX_READS = 10


@dataclass(frozen=True)
class Change:
    """One call of S3 and what it changes, `before` and `after` as text. `is_made` decides it on facts read later."""

    title: str
    operation: str
    arguments: dict[str, Any]
    before: str
    after: str
    is_made: Callable[[BucketFacts], bool] = field(compare=False)

    def diff(self) -> list[str]:
        """Return the lines of a unified diff."""
        lines = unified_diff(self.before.splitlines(), self.after.splitlines(), "before", "after", lineterm="")
        return list(lines)

    def command(self, bucket: str, owner: dict[str, str]) -> str:
        """Return the command of the AWS CLI that makes the change."""
        words = ["aws", "s3api", self.operation.replace("_", "-"), "--bucket", bucket]
        for name, value in (self.arguments | owner).items():
            words.append("--" + "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)[1:])
            if value is not True:
                words.append(value if isinstance(value, str) else json.dumps(value, separators=(",", ":")))
        return shlex.join(words)


def change_versions(facts: BucketFacts) -> list[Change]:
    """Return the change that turns versions on; none where they are."""
    if facts.versions == "Enabled":
        return []
    wanted = {"VersioningConfiguration": {"Status": "Enabled"}}
    return [Change("Versions", "put_bucket_versioning", wanted, facts.versions or "off", "Enabled",
                   lambda now: now.versions == "Enabled")]  # fmt: skip


def change_event_bridge(facts: BucketFacts, on: bool) -> list[Change]:
    """Return the change of the events to EventBridge. It sends the owner's own notifications along: S3 replaces all."""
    if facts.has_event_bridge == on:
        return []
    kept = {name: value for name, value in facts.notification.items() if name != EVENT_BRIDGE}
    wanted = kept | ({EVENT_BRIDGE: {}} if on else {})
    # The owner's destinations are as they were, and may be gone.
    arguments = {"NotificationConfiguration": wanted, "SkipDestinationValidation": True}
    return [Change("Notifications", "put_bucket_notification_configuration", arguments, _lines(facts.notification),
                   _lines(wanted), lambda now: _ordered(now.notification) == _ordered(wanted))]  # fmt: skip


def change_policy(facts: BucketFacts, wanted: str | None) -> list[Change]:
    """Return the change of the policy; none where it says the same. None deletes it."""
    if is_same_policy(facts.policy, wanted):
        return []
    operation, arguments = ("put_bucket_policy", {"Policy": wanted}) if wanted else ("delete_bucket_policy", {})
    before, after = (_show_policy(policy) for policy in (facts.policy, wanted))
    return [Change("Policy", operation, arguments, before, after, lambda now: is_same_policy(now.policy, wanted))]


def make_changes(
    client: Any, reader: BucketReader, bucket: str, owner: dict[str, str], changes: Sequence[Change],
    sleep: Callable[[float], None],
) -> None:  # fmt: skip
    """Make the changes in their order, and read each back before the next one.

    Raises CannotProceedError where S3 does not show a change, and botocore's errors.
    """
    for change in changes:
        getattr(client, change.operation)(Bucket=bucket, **change.arguments, **owner)
        for _ in range(_MAX_READS):
            if change.is_made(reader.read()):
                break
            sleep(1.0)
        else:
            raise CannotProceedError(
                f"S3 took the change ({change.title.lower()}), and does not show it. Somebody else may change "
                f"{bucket}, too. See guardctl bucket check {bucket}, and give the command again"
            )


def _show_policy(policy: str | None) -> str:
    """Return a policy for a diff, its statements as a list in whatever form they are."""
    return _lines(json.loads(policy) | {"Statement": list_statements(policy)}) if policy else ""


def _ordered(value: Any) -> Any:
    """Return a value in which no list's order counts: S3 may show another one."""
    if isinstance(value, dict):
        return {name: _ordered(each) for name, each in value.items()}
    return sorted(map(_ordered, value), key=json.dumps) if isinstance(value, list) else value


def _lines(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
