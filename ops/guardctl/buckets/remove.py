"""Takes the guard from in front of a bucket: its policy and its notifications are as they were before."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from ops.errors import CannotProceedError
from ops.guardctl.buckets.changes import Change, change_event_bridge, change_policy, make_changes
from ops.guardctl.buckets.facts import BucketFacts, make_reader, owner_argument
from ops.guardctl.buckets.policy import is_same_policy, restore, take_out
from ops.guardctl.buckets.records import BucketRecords, Item, is_added
from ops.guardctl.buckets.wanted import deploy_command, listed_buckets, read_wanted
from ops.guardctl.journal import Journal
from ops.guardctl.settled_results import Selection, SettledResults, partition_names
from ops.guardctl.target import Target
from ops.guardctl.uploads import Results
from photodna_guard.domain.models import Status

_UNREADABLE = (Status.UNSCANNABLE, Status.FAILED)
_MOST_MATCHES = 1000


@dataclass(frozen=True)
class Removal:
    """What is to be changed, and the bucket's record (empty where there is none)."""

    facts: BucketFacts
    record: Item
    changes: Sequence[Change]


class BucketRemover:
    """Removes the guard from one bucket. Methods raise CannotProceedError and botocore's errors."""

    def __init__(self, target: Target, bucket: str) -> None:
        self._target, self._bucket = target, bucket
        self._reader, self._owner = make_reader(target, bucket), owner_argument(target)
        self._records = BucketRecords(target)

    def plan(self) -> Removal:
        """Return what is to be changed. The policy goes first: never is there a read gate that nobody opens."""
        facts, found = self._reader.read(), self._records.find(self._bucket)
        record = found if is_added(found) else {}
        known = {*read_wanted(self._target, self._bucket).sids, *record.get("sids", [])}
        before = record.get("policy_before") if record else take_out(facts.policy, known)
        policy = restore(facts.policy, before, known)
        events = change_event_bridge(facts, on=False) if record and not record["event_bridge_before"] else []
        return Removal(facts, record, [*change_policy(facts, policy), *events])

    def find_matches(self) -> list[str]:
        """Return matches of the bucket that wait for quarantine."""
        waiting = (str(item["upload"]) for item in Results(self._target).iter_attention(("MATCHED",)))
        return list(islice((one for one in waiting if one.startswith(f"{self._bucket}/")), _MOST_MATCHES))

    def check_matches(self, leave_matches: bool) -> list[str]:
        """Return the matches that become readable. Raises CannotProceedError where nobody has permitted that."""
        matches = self.find_matches()
        if not leave_matches and self._target.stack.parameters.get("Mode") == "observe":
            raise CannotProceedError(
                f"The stack only observes: no match of {self._bucket} is moved, and acknowledged ones are on "
                f"no list. All could be read from then on. Deploy with Mode=enforce first, or give --leave-matches"
            )
        if matches and not leave_matches:
            raise CannotProceedError(
                f"Matches of {self._bucket} wait for quarantine ({len(matches)}), such as s3://{matches[0]}, and could "
                f"be read from then on. Wait until guardctl attention --status MATCHED lists none of it, or give "
                f"--leave-matches"
            )
        return matches

    def explain(self, removal: Removal, matches: Sequence[str]) -> list[str]:
        """Say what the removal means."""
        notes = [
            f"Whatever is in {self._bucket} and whatever comes can be read unchecked from then on: also what waits for "
            f"its verdict, {self._count_unreadable()}, and what a person denied"
        ]
        if matches:
            notes.append(f"Matches that are not in quarantine ({len(matches)}) can be read, too")
        if not is_same_policy(self._policy_after(removal), removal.record.get("policy_before")) and removal.record:
            notes.append("The policy was changed since: the owner's part stays as it is now")
        if not removal.record:
            notes.append("No record says that guardctl put it there. Only the statements are taken out")
        if any(change.title == "Notifications" for change in removal.changes):
            notes.append("No event of the bucket goes to EventBridge any more: other rules on them end, too")
        notes.append("Versions stay on. S3 can only suspend them, and only the owner should")
        return notes

    def make(self, removal: Removal, reason: str, leave_matches: bool) -> None:
        """Make the changes, and record that the guard is gone."""
        if self._target.own_client is None:
            raise CannotProceedError("Your own credentials are not known. Give --print, and have its owner do it")
        matches = self.check_matches(leave_matches)
        if self.plan() != removal:
            raise CannotProceedError(f"{self._bucket} has changed meanwhile. Look at it, and give the command again")
        facts = {"changes": [change.title.lower() for change in removal.changes], "matches_left": len(matches)}
        with Journal(self._target).recording("bucket remove", reason, f"s3://{self._bucket}", **facts):
            client = self._target.own_client("s3")
            make_changes(client, self._reader, self._bucket, self._owner, removal.changes, self._target.sleep)
            if removal.record:
                self._records.remove(removal.record, reason)

    def next_steps(self) -> list[str]:
        """Return what the owner does next."""
        if self._bucket not in listed_buckets(self._target):
            return []
        others = [name for name in listed_buckets(self._target) if name != self._bucket]
        return [deploy_command(self._target, others)]

    def _policy_after(self, removal: Removal) -> str | None:
        (policy,) = [one.arguments.get("Policy") for one in removal.changes if one.title == "Policy"] or [
            removal.facts.policy
        ]
        return policy

    def _count_unreadable(self) -> str:
        results = SettledResults(self._target)
        selection = Selection(statuses=_UNREADABLE, prefix=f"{self._bucket}/")
        try:
            counts = [results.count(selection, name, 1) for name in partition_names(_UNREADABLE)]
        except CannotProceedError:
            return "what is unscannable or failed"
        more = "" if all(is_whole for _, is_whole in counts) else "more than "
        return f"{more}{sum(number for number, _ in counts):,} uploads that are unscannable or failed"
