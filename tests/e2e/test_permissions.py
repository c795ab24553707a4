"""Every call that the application makes is permitted by its role, and every permission of the role is used."""

import json
import os
import re
from pathlib import Path
from typing import Any

from embedded import Bench, session_that_counts

from guard import events, settings, wiring
from guard.pace import RETRIES
from local.cloud import template

RESOURCES = template.load(Path(__file__).resolve().parents[2] / "template.yaml")["Resources"]

# What each call needs (AWS's service authorization reference); a version is always named.
NEEDS = {
    "dynamodb.UpdateItem": {"dynamodb:UpdateItem"},
    "dynamodb.GetItem": {"dynamodb:GetItem"},
    "s3.GetObject": {"s3:GetObjectVersion"},
    "s3.GetObjectTagging": {"s3:GetObjectVersionTagging"},
    "s3.PutObjectTagging": {"s3:PutObjectVersionTagging"},
    "s3.DeleteObject": {"s3:DeleteObjectVersion"},
    # Reads the source with its tags; writes, tags and locks the copy; encrypts it with the bucket's key.
    "s3.CopyObject": {
        "s3:GetObjectVersion",
        "s3:GetObjectVersionTagging",
        "s3:PutObject",
        "s3:PutObjectTagging",
        "s3:PutObjectRetention",
        "kms:GenerateDataKey",
    },
    "s3.GetObjectRetention": {"s3:GetObjectRetention"},
    "sqs.SendMessage": {"sqs:SendMessage"},
    "secrets-manager.GetSecretValue": {"secretsmanager:GetSecretValue"},
}
# Permissions that no call of ours uses, and why they are there.
JUSTIFIED = {
    "s3:ListBucket",  # without it S3 answers 403 for an object that is gone, which is no answer
    "logs:CreateLogStream",  # Lambda's own
    "logs:PutLogEvents",
}


def granted(*policies: str) -> set[str]:
    found: set[str] = set()
    for policy in policies:
        for statement in RESOURCES[policy]["Properties"]["PolicyDocument"]["Statement"]:
            action = statement["Action"]
            found |= {action} if isinstance(action, str) else set(action)
    return found


def test_every_call_is_permitted_and_every_permission_is_used(bench: Bench, pictures: dict[str, bytes]) -> None:
    calls: list[str] = []
    guard = wiring.build(settings.read(os.environ), RETRIES, session_that_counts(calls))

    def scan(record: dict[str, Any]) -> None:
        assert guard.scanner.scan(events.read(record).deliveries) == [True]

    for name in ("clean", "match"):
        scan(bench.put(f"{name}.jpg", pictures[name], Tagging="album=holiday"))
    scan(bench.put("damaged.jpg", bytes.fromhex("ffd8ffe0") + b"rubbish" * 99))
    assert bench.cloud.emulator
    bench.cloud.emulator.settings(failures=[{"kind": "http", "status": 429, "retry_after": 1}])
    scan(bench.put("throttled.jpg", pictures["other"]))
    guard.keep(events.read({"no": "event"}).faults)
    assert len(bench.dead_letters()) == 1

    needed = set().union(*(NEEDS[call] for call in set(calls)))
    permitted = granted("ScannerPolicy", "OnUploadPolicy")
    assert needed - permitted == set(), "a call would be refused"
    assert permitted - needed == JUSTIFIED, "a permission is never used"


def test_the_worker_of_the_queue_has_beside_that_what_lambdas_poller_needs() -> None:
    poller = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    assert granted("OnRetryPolicy") - granted("OnUploadPolicy") == poller


def test_no_module_calls_what_is_not_in_the_table_above() -> None:
    """A call on a path that the first test does not take would be missed there."""
    source = "".join(path.read_text() for path in Path("src/guard/aws").glob("*.py"))
    called = set(re.findall(r"\bself\._?client\.(\w+)\(", source)) - {"generate_presigned_url"}
    known = {re.sub(r"(?<!^)(?=[A-Z])", "_", name.partition(".")[2]).lower() for name in NEEDS}
    assert called <= known
    assert json.dumps(sorted(known - called)) == '["get_secret_value"]'  # Powertools makes that one
