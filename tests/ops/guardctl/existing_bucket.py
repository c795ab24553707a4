"""A bucket that exists in moto, with a policy and a notification of its own, and a stack that watches it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ops.guardctl.buckets.policy import list_statements, sids_of
from ops.guardctl.target import Target
from tests.support.moto_aws import SESSION

NAME, ROLES = "old-pictures", ["arn:aws:iam::123456789012:role/on-upload", "arn:aws:iam::123456789012:role/on-retry"]
EVENT_BRIDGE = "EventBridgeConfiguration"


class CrashError(Exception):
    """The process ends here."""


def deny(sid: str, *actions: str, **tests: Any) -> dict[str, Any]:
    """Return a statement as the stack's outputs have them."""
    condition = {"ArnNotEquals": {"aws:PrincipalArn": ROLES}, **tests}
    return {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": list(actions),
            "Resource": "arn:aws:s3:::BUCKET/*", "Condition": condition}  # fmt: skip


MATCHES = [
    deny("DenyReadingMatches", "s3:GetObject", StringEquals={"s3:ExistingObjectTag/scan-status": "matched"}),
    deny("DenyChangingTagsOfMatches", "s3:PutObjectTagging",
         StringEquals={"s3:ExistingObjectTag/scan-status": "matched"}),
]  # fmt: skip
GATE = [
    deny("DenyReadingUnlessStatusPermits", "s3:GetObject", "s3:GetObjectVersion",
         StringNotEquals={"s3:ExistingObjectTag/scan-status": ["clean", "skipped"]}),
    {"Sid": "DenyReplicatingTags", "Effect": "Deny", "Principal": "*", "Action": "s3:ReplicateTags",
     "Resource": "arn:aws:s3:::BUCKET/*"},
]  # fmt: skip
OURS = {one["Sid"] for one in [*MATCHES, *GATE]}
# As its owner wrote it: one statement that is in no list, and spaces.
POLICY = """{
  "Version": "2012-10-17", "Id": "mine",
  "Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/web"},
                "Action": "s3:GetObject", "Resource": "arn:aws:s3:::old-pictures/*"}
}"""
NOTIFICATION = {
    "QueueConfigurations": [
        {
            "Id": "thumbnails",
            "QueueArn": "arn:aws:sqs:us-east-1:123456789012:thumbnails",
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
        }
    ]
}


@dataclass
class FakeS3:
    """moto's S3, and whether events go to EventBridge, which moto hides. `crash_at`: the change that fails."""

    client: Any
    crash_at: int = 0
    event_bridge: bool = False
    changes: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("put_", "delete_")):
            return lambda **arguments: self._change(name, arguments)
        return getattr(self.client, name)

    def _change(self, name: str, arguments: dict[str, Any]) -> Any:
        if len(self.changes) + 1 == self.crash_at:
            raise CrashError
        self.changes.append(name)
        self.calls.append(arguments)
        if name == "put_bucket_notification_configuration":
            self.event_bridge = EVENT_BRIDGE in arguments["NotificationConfiguration"]
        return getattr(self.client, name)(**arguments)

    def get_bucket_notification_configuration(self, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get_bucket_notification_configuration(**arguments)
        return answer | ({EVENT_BRIDGE: {}} if self.event_bridge else {})

    def policy(self) -> str | None:
        try:
            return str(self.client.get_bucket_policy(Bucket=NAME)["Policy"])
        except self.client.exceptions.ClientError:
            return None

    def is_guarded(self) -> bool:
        """Return whether versions, events and all statements are there."""
        versions = self.client.get_bucket_versioning(Bucket=NAME).get("Status")
        return versions == "Enabled" and self.event_bridge and self.sids() >= OURS

    def queues(self) -> Any:
        """Return the owner's notifications."""
        return self.client.get_bucket_notification_configuration(Bucket=NAME)["QueueConfigurations"]

    def sids(self) -> set[str]:
        return set(sids_of(list_statements(self.policy())))


def make_bucket(policy: str | None = POLICY, versions: str = "", notification: Any = NOTIFICATION) -> FakeS3:
    s3 = FakeS3(SESSION.client("s3"))
    SESSION.client("sqs").create_queue(QueueName="thumbnails")
    s3.client.create_bucket(Bucket=NAME, ObjectOwnership="BucketOwnerEnforced")
    s3.client.put_public_access_block(
        Bucket=NAME,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
        ),
    )
    if policy:
        s3.client.put_bucket_policy(Bucket=NAME, Policy=policy)
    if versions:
        s3.client.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": versions})
    if notification:
        s3.client.put_bucket_notification_configuration(Bucket=NAME, NotificationConfiguration=notification)
    return s3


def watch(target: Target, s3: Any, **parameters: str) -> Target:
    """Return the target of a stack that watches the bucket, where everybody uses this S3."""
    make: Callable[[str], Any] = lambda service: s3 if service == "s3" else target.client(service)  # noqa: E731
    outputs = {
        **target.stack.outputs,
        "OperatorRoleArn": "arn:aws:iam::123456789012:role/operator",
        "ScannerRoleArns": ",".join(ROLES),
        "MatchStatements": json.dumps(MATCHES),
        "ReadGateStatements": json.dumps(GATE),
    }
    given = {**target.stack.parameters, "Buckets": f"other,{NAME}", "ReadGate": "on", **parameters}
    return replace(target, stack=replace(target.stack, outputs=outputs, parameters=given), client=make, own_client=make)
