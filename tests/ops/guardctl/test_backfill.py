"""guardctl backfill and rescan --older-than: what a job selects, who may steer it, and what a bad call says."""

import re

import pytest

from ops.guardctl.backfill_estimate import Estimate, estimate, estimate_dollars
from ops.guardctl.backfill_jobs import BackfillJobs
from ops.guardctl.target import Target
from photodna_guard.domain.backfill_job import BackfillJob, JobState, parse_job
from photodna_guard.domain.models import Status
from tests.ops.guardctl.conftest import Console
from tests.support.clock import ManualClock
from tests.support.moto_aws import SESSION

WHY = ("--reason", "a test", "--yes")


@pytest.fixture
def bucket(target: Target) -> str:
    s3 = SESSION.client("s3")
    s3.create_bucket(Bucket="uploads")
    s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    for number in range(3):
        s3.put_object(Bucket="uploads", Key=f"a/{number}.jpg", Body=b"x")
    s3.put_object(Bucket="uploads", Key="a/0.jpg", Body=b"y")
    s3.put_object(Bucket="uploads", Key="b.jpg", Body=b"x")
    return "uploads"


def only_job() -> BackfillJob:
    (item,) = [
        {name: next(iter(value.values())) for name, value in item.items()}
        for item in SESSION.client("dynamodb").scan(TableName="operations")["Items"]
        if item["partition"]["S"] == "backfill"
    ]
    return parse_job(item)


def test_start_says_what_it_takes_and_writes_the_job(console: Console, bucket: str) -> None:
    found = console.json("backfill", "start", *WHY)
    assert (found["versions"], found["is_whole"]) == (5, True)
    job = only_job()
    assert (job.id, job.state, job.bucket, job.reopens) == (found["job"], JobState.RUNNING, "uploads", False)
    (entry,) = console.json("journal")
    assert (entry["action"], entry["subject"], entry["job"]) == ("backfill start", "s3://uploads/", job.id)


def test_filters_become_the_jobs(console: Console, bucket: str, clock: ManualClock) -> None:
    options = ("--status", "unscannable", "--reason-is", "format-heic", "--prefix", "a/", "--current-only")
    assert console.json("backfill", "start", *options, *WHY)["versions"] == 3
    job = only_job()
    assert (job.status, job.reason, job.prefix, job.current_only) == (Status.UNSCANNABLE, "format-heic", "a/", True)


def test_rescan_of_what_is_old_is_a_job(console: Console, bucket: str) -> None:
    console.json("rescan", "--older-than", "90d", *WHY)
    job = only_job()
    assert job.reopens
    assert job.settled_until < job.began


def test_job_is_paused_resumed_and_cancelled_by_name_or_alone(console: Console, bucket: str) -> None:
    first = console.json("backfill", "start", *WHY)["job"]
    assert console.json("backfill", "pause", *WHY) == {"job": first, "state": "paused"}
    assert [one["state"] for one in console.json("backfill", "status")["jobs"]] == ["paused"]
    second = console.json("backfill", "start", "--prefix", "a/", *WHY)["job"]
    assert console.run("backfill", "resume", *WHY) == 2
    assert "Several backfills are open" in console.err
    assert console.json("backfill", "resume", first, *WHY)["state"] == "running"
    for job in (first, second):
        assert console.json("backfill", "cancel", job, *WHY)["state"] == "cancelled"
    assert console.run("backfill", "resume", first, *WHY) == 2
    assert "is cancelled" in console.err


def test_status_says_how_far_a_job_is_and_how_long_the_rest_takes(console: Console, bucket: str) -> None:
    console.json("backfill", "start", *WHY)
    (job,) = console.json("backfill", "status")["jobs"]
    assert (job["listed"], job["versions"], job["is_whole"], job["seconds_left"]) == (0, 5, True, 0.5)
    assert console.json("status")["backfills"] == [job]
    console.run("backfill", "status")
    assert re.search(r"running .* 0 +5 +0 +at most 0 s ", console.out)
    console.run("status")
    assert "1 open: 0 of 5 versions, at most 0 s left" in console.out
    console.run("backfill", "cancel", *WHY)
    (job,) = console.json("backfill", "status")["jobs"]
    assert job["seconds_left"] is None
    console.run("status")
    assert "backfills" not in console.out


def test_what_is_left_of_a_bucket_that_was_not_counted_whole_is_a_lower_bound(console: Console, target: Target) -> None:
    counted = Estimate(50_000, is_whole=False, rate=10)
    BackfillJobs(target).start({"bucket": "uploads"}, "why", counted)
    console.run("backfill", "status")
    assert re.search(r"more than 50,000 +0 +more than 1 h 23 min", console.out)
    console.run("status")
    assert "1 open: 0 of more than 50,000 versions, more than 1 h 23 min left" in console.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("backfill", "start", "--reason-is", "damaged"), "Give the --status of that reason"),
        (("backfill", "start", "--status", "QUARANTINED"), "is not checked again"),
        (("backfill", "start", "--older-than", "long ago"), "is no time"),
        (("backfill", "pause"), "No backfill is open"),
        (("backfill", "pause", "nothing"), "There is no backfill nothing"),
        (("rescan",), "Give s3://BUCKET/KEY, or --older-than"),
        (("backfill", "start", "--bucket", "another"), "does not watch the bucket another. It watches uploads"),
        (("rescan", "--older-than", "1d", "--bucket", "another"), "does not watch the bucket another"),
    ],
)
def test_bad_call_is_one_line(console: Console, bucket: str, arguments: tuple[str, ...], said: str) -> None:
    assert console.run(*arguments, *WHY) == 2
    assert said in console.err
    assert console.err.count("\n") == 1


def test_estimate_of_a_large_bucket_is_a_lower_bound(target: Target, bucket: str) -> None:
    found = Estimate(50_000, is_whole=False, rate=10)
    assert found.describe().startswith("more than 50,000 versions: for these 1 h 23 min at 10 requests a second")
    assert estimate(target, bucket, "a/", current_only=False).versions == 4


def test_hundred_million_cost_what_their_calls_cost() -> None:
    """Checking is nearly all of it. Listing and looking up are a few cents for each million."""
    million = estimate_dollars(1_000_000)
    assert 10 < million < 80
    assert estimate_dollars(100_000_000) / million == pytest.approx(100, rel=0.35)
