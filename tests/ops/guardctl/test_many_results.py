"""guardctl results and stats over 100,000 results: the items that are read, the seconds, and that each is counted."""

import time
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends

from local.aws.moto import dynamodb as efficient_reads
from ops.guardctl.settled_results import SETTLED, Selection, SettledResults
from ops.guardctl.stats import read_stats
from ops.guardctl.target import Target
from photodna_guard.domain.models import Status, Upload
from photodna_guard.domain.result_index import index_attributes
from photodna_guard.domain.timestamps import to_iso
from tests.support.clock import ManualClock
from tests.support.moto_aws import SESSION

pytestmark = pytest.mark.slow
COUNT, BEGIN = 100_000, 1_800_000_000.0
# Of ten uploads.
STATUSES = [(Status.CLEAN, "")] * 7 + [(Status.SKIPPED, "document")] + [(Status.UNSCANNABLE, "format-heic")] * 2


class CountingClient:
    """DynamoDB's client, and how many items its queries read."""

    def __init__(self, client: Any) -> None:
        self._client, self.read = client, 0

    def query(self, **options: Any) -> Any:
        answer = self._client.query(**options)
        self.read += answer["ScannedCount"]
        return answer


@pytest.fixture
def counting(target: Target, monkeypatch: pytest.MonkeyPatch) -> CountingClient:
    table = dynamodb_backends["123456789012"]["us-east-1"].get_table("results")
    for number in range(COUNT):
        status, reason = STATUSES[number % 10]
        upload, settled_at = Upload("uploads", f"{number % 100:02}/{number}", "etag", "v1"), to_iso(BEGIN + number)
        facts = {"upload": upload.id, "version": "v1", "status": status.value, "reason": reason}
        facts |= {"received_at": to_iso(BEGIN + number - (3 if number % 10 else 60)), "settled_at": settled_at}
        facts |= index_attributes(upload, status, reason, settled_at)  # type: ignore[arg-type]
        table.put_item({name: {"S": value} for name, value in facts.items() if value})
    for owner, name in efficient_reads.REPLACED:
        # At the end the test has moto's own back.
        monkeypatch.setattr(owner, name, getattr(owner, name))
    efficient_reads.apply()
    return CountingClient(SESSION.client("dynamodb"))


@pytest.fixture
def counted(target: Target, counting: CountingClient, clock: ManualClock) -> Target:
    return Target(target.stack, target.who, lambda name: counting if name == "dynamodb" else target.client(name), clock)


def test_first_page_takes_less_than_a_second_and_reads_little(counted: Target, counting: CountingClient) -> None:
    # The first query after a write sorts moto's table. DynamoDB's is always sorted.
    next(SettledResults(counted).iter_selected(Selection(prefix="uploads/17/"), 1))
    for selection in (
        Selection((Status.CLEAN,)),
        Selection((Status.CLEAN,), since=to_iso(BEGIN + 40_000), until=to_iso(BEGIN + 50_000)),
        Selection(SETTLED),
        Selection(reason="format-heic"),
        Selection((Status.SKIPPED,), reason="document"),
        Selection(prefix="uploads/17/"),
    ):
        counting.read, began = 0, time.monotonic()
        found = SettledResults(counted).iter_selected(selection, 50)
        page = [next(found) for _ in range(50)]
        took = time.monotonic() - began
        print(f"{selection}: read {counting.read} in {took:.2f} s")
        assert len({item["upload"] for item in page}) == 50
        assert all(selection.holds(item) for item in page)
        assert 50 <= counting.read <= 100, selection


def test_all_are_counted_once(counted: Target) -> None:
    found = read_stats(counted, to_iso(BEGIN + 10_000), to_iso(BEGIN + 20_000))
    assert found["settled"] == 10_000
    assert found["by_status"] == {"CLEAN": 7_000, "UNSCANNABLE": 2_000, "SKIPPED": 1_000}
    assert found["by_reason"] == {"UNSCANNABLE/format-heic": 2_000, "SKIPPED/document": 1_000}
    assert (found["got_a_verdict"], found["seconds_to_verdict"]) == (7_000, {"p50": 3.0, "p99": 60.0})
