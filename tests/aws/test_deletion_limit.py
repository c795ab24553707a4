"""aws/deletion_limit.py against moto's DynamoDB, with a clock of its own."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from photodna_guard.aws.deletion_limit import WINDOW_SECONDS, DeletionLimit
from photodna_guard.aws.table import Table
from photodna_guard.domain.errors import AwaitingOperatorError, DeferrableError
from photodna_guard.domain.models import Upload
from tests.aws.one_at_a_time import OneAtATime
from tests.support.clock import NOW, ManualClock


def deletion_limit(dynamodb: Any, clock: ManualClock, most: int = 3) -> DeletionLimit:
    return DeletionLimit(Table(dynamodb, "limiter", clock), most, clock)


def upload_named(name: object) -> Upload:
    return Upload("uploads", f"{name}.jpg", "etag", "v1")


def acquire_all(bound: DeletionLimit, *names: object) -> int:
    """Acquire for these matches. Return how many of them may be deleted."""
    count = 0
    for name in names:
        try:
            bound.acquire(upload_named(name))
        except AwaitingOperatorError:
            continue
        count += 1
    return count


def reset_limit(dynamodb: Any) -> None:
    """Reset the limit as the runbook tells the operator to."""
    dynamodb.update_item(
        TableName="limiter",
        Key={"limiter": {"S": "quarantines"}},
        UpdateExpression="REMOVE tripped_at, recent, revision",
    )


@pytest.fixture
def bound(dynamodb: Any, rate_limiter_table: str, clock: ManualClock) -> DeletionLimit:
    return deletion_limit(dynamodb, clock)


def test_match_beyond_the_limit_stops_all_deleting(bound: DeletionLimit) -> None:
    assert acquire_all(bound, 1, 2, 3) == 3
    assert not bound.is_tripped
    with pytest.raises(AwaitingOperatorError, match="more than 3 matches in an hour"):
        bound.acquire(upload_named(4))
    assert bound.is_tripped


def test_tripped_limit_stays_tripped(bound: DeletionLimit, clock: ManualClock) -> None:
    acquire_all(bound, 1, 2, 3, 4)
    clock.now += 100 * WINDOW_SECONDS
    assert acquire_all(bound, 1, 5, 6) == 0
    assert bound.is_tripped


def test_same_upload_counts_once(bound: DeletionLimit, clock: ManualClock) -> None:
    for _ in range(5):
        clock.now += 60
        assert acquire_all(bound, "a", "b") == 2
    assert acquire_all(bound, "c") == 1
    assert not bound.is_tripped


def test_repeated_acquire_does_not_prolong_the_count(bound: DeletionLimit, clock: ManualClock) -> None:
    acquire_all(bound, "a", "b", "c")
    clock.now += WINDOW_SECONDS - 1
    acquire_all(bound, "a", "b", "c")
    clock.now += 1
    assert acquire_all(bound, 4, 5, 6) == 3


def test_versions_and_keys_count_separately(bound: DeletionLimit) -> None:
    for upload in (upload_named("a"), Upload("uploads", "a.jpg", "etag", "v2"), Upload("other", "a.jpg", "etag", "v1")):
        bound.acquire(upload)
    assert acquire_all(bound, "b") == 0


@pytest.mark.parametrize(("after", "count"), [(WINDOW_SECONDS - 1, 0), (WINDOW_SECONDS, 3)])
def test_count_ends_after_exactly_one_hour(bound: DeletionLimit, clock: ManualClock, after: int, count: int) -> None:
    acquire_all(bound, 1, 2, 3)
    clock.now += after
    assert acquire_all(bound, 4, 5, 6) == count


@pytest.mark.parametrize("seed", range(2))
def test_no_hour_has_more_than_the_limit_nor_fewer_than_possible(
    dynamodb: Any, rate_limiter_table: str, clock: ManualClock, seed: int
) -> None:
    """The operator removes `tripped_at` each time, and only that, so that the hour still counts."""
    random, bound = Random(seed), deletion_limit(dynamodb, clock, most=4)
    times: list[int] = []
    for name in range(40):
        clock.now += random.choice((1, 60, 600, 1500))
        within = [at for at in times if at > int(clock.now) - WINDOW_SECONDS]
        count = acquire_all(bound, name)
        assert count == (len(within) < 4)
        times += [int(clock.now)] * count
        if bound.is_tripped:
            key = {"limiter": {"S": "quarantines"}}
            dynamodb.update_item(TableName="limiter", Key=key, UpdateExpression="REMOVE tripped_at")


def test_workers_with_old_knowledge_keep_the_limit(dynamodb: Any, rate_limiter_table: str, clock: ManualClock) -> None:
    workers = [deletion_limit(dynamodb, clock, most=5) for _ in range(4)]
    for worker in workers:
        # Each worker now knows the item as it was at its first acquire.
        acquire_all(worker, "first")
    assert sum(acquire_all(workers[n % 4], n) for n in range(20)) == 4
    assert all(worker.is_tripped for worker in workers)


def test_concurrent_workers_acquire_exactly_the_limit(
    dynamodb: Any, rate_limiter_table: str, clock: ManualClock
) -> None:
    client, names = OneAtATime(dynamodb), range(12)

    def acquire_with_retries(name: int) -> int:
        worker = deletion_limit(client, clock, most=5)
        while True:
            try:
                return acquire_all(worker, name)
            except DeferrableError:
                continue

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(acquire_with_retries, names)) == 5


def test_all_workers_count_anew_after_a_reset(dynamodb: Any, bound: DeletionLimit, clock: ManualClock) -> None:
    another = deletion_limit(dynamodb, clock)
    acquire_all(another, 1, 2)
    acquire_all(bound, 3, 4, 5)
    reset_limit(dynamodb)
    assert not bound.is_tripped
    assert acquire_all(another, 4) + acquire_all(bound, 5) + acquire_all(another, 6) == 3
    assert acquire_all(bound, 7) == 0


def test_worker_from_before_a_reset_drops_no_count_made_since(
    dynamodb: Any, bound: DeletionLimit, clock: ManualClock
) -> None:
    """What such a worker knows has the age of its last write, and the item may have changed as often since."""
    old = deletion_limit(dynamodb, clock)
    acquire_all(old, 1)
    reset_limit(dynamodb)
    assert acquire_all(bound, 2) == 1
    assert acquire_all(old, 3) == 1
    assert acquire_all(deletion_limit(dynamodb, clock), 2, 3, 4, 5) == 3
    assert bound.is_tripped


def test_contention_defers_without_failed_attempt(dynamodb: Any, rate_limiter_table: str, clock: ManualClock) -> None:
    class AlwaysTooLate:
        count = 0

        def update_item(self, **parameters: Any) -> Any:
            self.count += 1
            acquire_all(deletion_limit(dynamodb, clock, most=99), self.count)
            return dynamodb.update_item(**parameters)

    late = AlwaysTooLate()
    with pytest.raises(DeferrableError, match="many matches at once") as caught:
        deletion_limit(late, clock, most=99).acquire(upload_named("a"))
    assert caught.value.until == NOW + 1


def test_count_with_lost_answer_counts_once(dynamodb: Any, rate_limiter_table: str, clock: ManualClock) -> None:
    class Twice:
        """Sends each call twice, as botocore does when the answer is lost."""

        def update_item(self, **parameters: Any) -> Any:
            dynamodb.update_item(**parameters)
            return dynamodb.update_item(**parameters)

    class Once:
        calls = 0

        def update_item(self, **parameters: Any) -> Any:
            self.calls += 1
            return (Twice() if self.calls == 1 else dynamodb).update_item(**parameters)

    deletion_limit(Once(), clock).acquire(upload_named(1))
    assert acquire_all(deletion_limit(dynamodb, clock), 2, 3) == 2
    assert acquire_all(deletion_limit(dynamodb, clock), 4) == 0
