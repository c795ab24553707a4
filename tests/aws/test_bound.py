"""aws/bound.py against moto's DynamoDB, with a time of its own: how many matches are deleted in any hour."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from photodna_guard.aws.deletion_limit import WINDOW_SECONDS, DeletionLimit
from photodna_guard.aws.table import Table
from photodna_guard.domain.errors import AwaitingOperatorError, DeferrableError
from photodna_guard.domain.models import Upload
from tests.aws.one_at_a_time import OneAtATime
from tests.aws.results import NOW, Time


def a_bound(dynamodb: Any, time: Time, most: int = 3) -> DeletionLimit:
    return DeletionLimit(Table(dynamodb, "limiter", time), most, time)


def a_match(name: object) -> Upload:
    return Upload("uploads", f"{name}.jpg", "etag", "v1")


def admitted(bound: DeletionLimit, *names: object) -> int:
    """So many of these matches may be deleted."""
    count = 0
    for name in names:
        try:
            bound.acquire(a_match(name))
        except AwaitingOperatorError:
            continue
        count += 1
    return count


def let_go_on(dynamodb: Any) -> None:
    """As the runbook has the operator do it."""
    dynamodb.update_item(
        TableName="limiter",
        Key={"limiter": {"S": "quarantines"}},
        UpdateExpression="REMOVE tripped_at, recent, revision",
    )


@pytest.fixture
def bound(dynamodb: Any, rate_limiter_table: str, time: Time) -> DeletionLimit:
    return a_bound(dynamodb, time)


def test_as_many_as_the_bound_are_admitted_and_the_next_stops_all(bound: DeletionLimit) -> None:
    assert admitted(bound, 1, 2, 3) == 3
    assert not bound.is_tripped
    with pytest.raises(AwaitingOperatorError, match="more than 3 matches in an hour"):
        bound.acquire(a_match(4))
    assert bound.is_tripped


def test_what_has_stopped_stays_stopped_however_long_it_lasts(bound: DeletionLimit, time: Time) -> None:
    admitted(bound, 1, 2, 3, 4)
    time.now += 100 * WINDOW_SECONDS
    assert admitted(bound, 1, 5, 6) == 0
    assert bound.is_tripped


def test_the_same_upload_counts_once_however_often_it_is_tried(bound: DeletionLimit, time: Time) -> None:
    for _ in range(5):
        time.now += 60
        assert admitted(bound, "a", "b") == 2
    assert admitted(bound, "c") == 1
    assert not bound.is_tripped


def test_trying_again_does_not_make_it_count_for_longer(bound: DeletionLimit, time: Time) -> None:
    admitted(bound, "a", "b", "c")
    time.now += WINDOW_SECONDS - 1
    admitted(bound, "a", "b", "c")
    time.now += 1
    assert admitted(bound, 4, 5, 6) == 3


def test_two_versions_of_one_key_and_the_same_version_of_two_are_different_matches(bound: DeletionLimit) -> None:
    for upload in (a_match("a"), Upload("uploads", "a.jpg", "etag", "v2"), Upload("other", "a.jpg", "etag", "v1")):
        bound.acquire(upload)
    assert admitted(bound, "b") == 0


@pytest.mark.parametrize(("after", "count"), [(WINDOW_SECONDS - 1, 0), (WINDOW_SECONDS, 3)])
def test_an_hour_later_as_many_again_are_admitted_and_not_a_second_sooner(
    bound: DeletionLimit, time: Time, after: int, count: int
) -> None:
    admitted(bound, 1, 2, 3)
    time.now += after
    assert admitted(bound, 4, 5, 6) == count


@pytest.mark.parametrize("seed", range(2))
def test_in_no_hour_whatever_are_more_admitted_than_the_bound_and_as_many_where_they_come(
    dynamodb: Any, rate_limiter_table: str, time: Time, seed: int
) -> None:
    """The operator lets it go on each time that it stopped, and takes only the stop away: the hour still counts."""
    random, bound, times = Random(seed), a_bound(dynamodb, time, most=4), []
    for name in range(40):
        time.now += random.choice((1, 60, 600, 1500))
        within = [at for at in times if at > int(time.now) - WINDOW_SECONDS]
        count = admitted(bound, name)
        assert count == (len(within) < 4)
        times += [int(time.now)] * count
        if bound.is_tripped:
            key = {"limiter": {"S": "quarantines"}}
            dynamodb.update_item(TableName="limiter", Key=key, UpdateExpression="REMOVE tripped_at")


def test_workers_of_whom_none_knows_what_the_others_did_admit_no_more_than_the_bound(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    workers = [a_bound(dynamodb, time, most=5) for _ in range(4)]
    for worker in workers:
        admitted(worker, "first")  # each knows the item as it was then
    assert sum(admitted(workers[n % 4], n) for n in range(20)) == 4
    assert all(worker.is_tripped for worker in workers)


def test_of_many_workers_at_the_same_moment_exactly_as_many_are_admitted_as_the_bound(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    client, names = OneAtATime(dynamodb), range(12)

    def try_until_told(name: int) -> int:
        worker = a_bound(client, time, most=5)
        while True:
            try:
                return admitted(worker, name)
            except DeferrableError:
                continue

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(try_until_told, names)) == 5


def test_after_the_operators_reset_all_workers_go_on_and_count_anew(
    dynamodb: Any, bound: DeletionLimit, time: Time
) -> None:
    another = a_bound(dynamodb, time)
    admitted(another, 1, 2)
    admitted(bound, 3, 4, 5)
    let_go_on(dynamodb)
    assert not bound.is_tripped
    assert admitted(another, 4) + admitted(bound, 5) + admitted(another, 6) == 3
    assert admitted(bound, 7) == 0


def test_who_is_refused_again_and_again_lets_somebody_else_try_and_that_is_no_failure(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    class AlwaysTooLate:
        count = 0

        def update_item(self, **asked: Any) -> Any:
            self.count += 1
            admitted(a_bound(dynamodb, time, most=99), self.count)
            return dynamodb.update_item(**asked)

    late = AlwaysTooLate()
    with pytest.raises(DeferrableError, match="many matches at once") as caught:
        a_bound(late, time, most=99).acquire(a_match("a"))
    assert caught.value.until == NOW + 1


def test_a_count_that_was_written_and_whose_answer_was_lost_counts_once(
    dynamodb: Any, rate_limiter_table: str, time: Time
) -> None:
    class Twice:
        """botocore sends a call again whose answer did not come."""

        def update_item(self, **asked: Any) -> Any:
            dynamodb.update_item(**asked)
            return dynamodb.update_item(**asked)

    class Once:
        calls = 0

        def update_item(self, **asked: Any) -> Any:
            self.calls += 1
            return (Twice() if self.calls == 1 else dynamodb).update_item(**asked)

    a_bound(Once(), time).acquire(a_match(1))
    assert admitted(a_bound(dynamodb, time), 2, 3) == 2
    assert admitted(a_bound(dynamodb, time), 4) == 0
