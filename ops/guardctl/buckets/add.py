"""Puts the guard in front of a bucket that exists: versions, events to EventBridge, statements in its policy."""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.errors import CannotProceedError
from ops.guardctl.backfill_estimate import estimate
from ops.guardctl.buckets.changes import Change, change_event_bridge, change_policy, change_versions, make_changes
from ops.guardctl.buckets.facts import BucketFacts, make_reader, owner_argument
from ops.guardctl.buckets.hazards import find_hazards
from ops.guardctl.buckets.policy import find_missing
from ops.guardctl.buckets.printing import not_ok
from ops.guardctl.buckets.records import BucketRecords, is_added
from ops.guardctl.buckets.wanted import Wanted, check_place, read_wanted
from ops.guardctl.doctor.findings import Finding
from ops.guardctl.journal import Journal
from ops.guardctl.target import Target

# Two seconds of listing at most.
_PAGES = 10


@dataclass(frozen=True)
class Addition:
    """What is to be changed, in the order in which nothing unchecked is ever opened, and nothing is closed for good."""

    facts: BucketFacts
    wanted: Wanted
    with_gate: bool
    # What becomes of the read gate: on, later, or off as in the stack.
    gate: str
    changes: Sequence[Change]


class BucketAdder:
    """Adds one bucket. Methods raise CannotProceedError and botocore's errors."""

    def __init__(self, target: Target, bucket: str) -> None:
        self._target, self._bucket = target, bucket
        self._reader, self._owner = make_reader(target, bucket), owner_argument(target)
        self._records = BucketRecords(target)

    def plan(self, gate_later: bool) -> Addition:
        """Return what is to be changed. Nothing is where all is there already."""
        check_place(self._target, self._bucket, self._reader)
        facts, wanted = self._reader.read(), read_wanted(self._target, self._bucket)
        record = self._records.find(self._bucket)
        recorded = record["sids"] if is_added(record) else []
        with_gate = wanted.has_gate and not gate_later
        policy = wanted.plan_policy(facts, with_gate, recorded)
        changes = [*change_versions(facts), *change_event_bridge(facts, on=True), *change_policy(facts, policy)]
        gate = "on" if not find_missing(policy, wanted.gate) else "later" if wanted.has_gate else "off"
        return Addition(facts, wanted, with_gate, gate, changes)

    def find_warnings(self, addition: Addition) -> list[Finding]:
        """Return what the owner has set that keeps the scanners out, or lets pictures by."""
        keys = list(filter(None, self._target.stack.parameters.get("UploadKeyArns", "").split(",")))
        scanners = list(filter(None, self._target.stack.outputs.get("ScannerRoleArns", "").split(",")))
        return not_ok(list(find_hazards(addition.facts, keys, scanners, addition.wanted.sids)))

    def explain(self, addition: Addition) -> list[str]:
        """Say what the changes mean for the owner."""
        held = estimate(self._target, self._bucket, "", False, _PAGES)
        notes = []
        if addition.facts.versions != "Enabled":
            notes.append(
                "Versions are turned on. S3 never turns them off again, and old versions are billed. It takes up to 15 "
                "minutes until each upload makes one"
            )
        if addition.with_gate and held.versions:
            notes.append(
                f"Nobody can read what is in the bucket until it is checked: {held.describe()}. With --gate-later the "
                f"read gate waits for the end of the backfill"
            )
        if addition.gate == "later":
            notes.append(f"No read gate yet: uploads can be read before their verdict. It holds {held.describe()}")
        return notes

    def make(self, addition: Addition, gate_later: bool, reason: str) -> None:
        """Record the bucket as it was, and make the changes."""
        if self._target.own_client is None:
            raise CannotProceedError("Your own credentials are not known. Give --print, and have its owner do it")
        if self.plan(gate_later) != addition:
            raise CannotProceedError(f"{self._bucket} has changed meanwhile. Look at it, and give the command again")
        titles = [change.title.lower() for change in addition.changes]
        facts = {"gate": addition.gate, "changes": titles}
        with Journal(self._target).recording("bucket add", reason, f"s3://{self._bucket}", **facts):
            self._records.add(addition.facts, addition.wanted.statements(addition.with_gate), addition.gate, reason)
            client = self._target.own_client("s3")
            make_changes(client, self._reader, self._bucket, self._owner, addition.changes, self._target.sleep)

    def next_steps(self, addition: Addition) -> list[str]:
        """Return what the owner does next."""
        if not addition.changes:
            return [f"guardctl bucket check {self._bucket}"]
        start = f"guardctl backfill start --bucket {self._bucket} --reason WHY"
        if addition.gate == "later":
            return [start, f"when it is done: guardctl bucket add {self._bucket} --reason WHY"]
        return [start, f"guardctl bucket check {self._bucket}"]
