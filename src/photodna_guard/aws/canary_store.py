"""The canary's sample in the operations table, and its last run in the rate limiter's."""

from photodna_guard.aws.table import Table
from photodna_guard.domain.canary import CanaryRun, Sample, SampleName
from photodna_guard.domain.timestamps import to_iso

PARTITION = "canary"
_ATTRIBUTES = ("at", "run_id", "outcome", "reason", "tracking_id")


class CanaryStore:
    """Reads the sample that an operator has set, and records runs. Methods raise DeferrableError or RetryableError.

    Only operators write the operations table, since it holds their journal. So a run is an item in the rate limiter's.
    """

    def __init__(self, operations: Table, rate_limiter_table: Table) -> None:
        self._operations, self._runs = operations, rate_limiter_table

    def read_sample(self, name: SampleName) -> Sample | None:
        """Return the sample; None where there is none, or where an operator has cleared it."""
        item = self._operations.read({"partition": PARTITION, "id": name.value})
        if "picture" not in item:
            return None
        return Sample(bytes(item["picture"]), item["media_type"])

    def record_run(self, name: SampleName, run_id: str, run: CanaryRun) -> None:
        """Write the last run of a sample over the one before."""
        values: dict[str, object] = {
            ":at": to_iso(self._runs.now()),
            ":run_id": run_id,
            ":outcome": run.outcome.value,
            ":reason": run.reason,
            ":tracking_id": run.tracking_id,
        }
        changes = ", ".join(f"#{name} = :{name}" for name in _ATTRIBUTES)
        names = {f"#{name}": name for name in _ATTRIBUTES}
        self._runs.update({"limiter": f"canary-{name.value}"}, f"SET {changes}", None, values, names)
