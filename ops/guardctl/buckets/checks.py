"""Checks a bucket that the stack watches, and does not own: place, versions, events, statements, hazards, results."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from ops.errors import CannotProceedError
from ops.guardctl.backfill_jobs import BackfillJobs
from ops.guardctl.buckets.facts import BucketFacts, make_reader, owner_argument
from ops.guardctl.buckets.hazards import find_hazards
from ops.guardctl.buckets.policy import find_missing, list_statements, sids_of
from ops.guardctl.buckets.records import BucketRecords, is_added
from ops.guardctl.buckets.wanted import Wanted, check_place, explain_parameter, listed_buckets, read_wanted
from ops.guardctl.doctor.deployment import Deployment
from ops.guardctl.doctor.findings import Finding, Level, NamedCheck, find
from ops.guardctl.tables import OperatedTable
from ops.guardctl.target import Target

_SAMPLE = 50
# What is younger may be on its way.
_YOUNG = timedelta(minutes=10)


def make_checks(bucket: str) -> list[NamedCheck]:
    """Return the checks of one bucket, for `bucket check` and for doctor."""
    return [
        NamedCheck(f"bucket {bucket}", partial(check_set_up, bucket=bucket)),
        NamedCheck(f"bucket {bucket}: results", partial(check_results, bucket=bucket)),
    ]


def check_set_up(deployment: Deployment, bucket: str) -> Iterator[Finding]:
    """Check that the stack watches the bucket, how it is set up, and what its owner has set."""
    target, name = deployment.target, f"bucket {bucket}:"
    if bucket not in listed_buckets(target):
        yield Finding(Level.FAULT, f"{name} parameter", "nothing checks its uploads", explain_parameter(target, bucket))
        return
    reader = make_reader(target, bucket)
    try:
        check_place(target, bucket, reader)
    except CannotProceedError as error:
        what, _, mend = str(error).partition(". ")
        yield Finding(Level.FAULT, f"{name} place", what, mend)
        return
    facts, wanted = reader.read(), read_wanted(target, bucket)
    yield from _check_switches(name, facts)
    yield from _check_statements(target, name, facts, wanted)
    keys, scanners = (list(filter(None, text.split(","))) for text in (
        target.stack.parameters.get("UploadKeyArns", ""), target.stack.outputs.get("ScannerRoleArns", "")))  # fmt: skip
    yield from find_hazards(facts, keys, scanners, wanted.sids)


def _check_switches(name: str, facts: BucketFacts) -> Iterator[Finding]:
    mend = f"guardctl bucket add {facts.name} --reason WHY"
    yield find(
        facts.versions == "Enabled",
        f"{name} versions",
        "on",
        f"{facts.versions or 'off'}: nothing pins a verdict to the bytes that were checked",
        mend,
    )
    yield find(
        facts.has_event_bridge,
        f"{name} events",
        "go to EventBridge",
        "do not go to EventBridge: an upload is found only when the bucket is listed the next time",
        mend,
    )


def _check_statements(target: Target, name: str, facts: BucketFacts, wanted: Wanted) -> Iterator[Finding]:
    record = BucketRecords(target).find(facts.name)
    mend = f"guardctl bucket add {facts.name} --reason WHY"
    missing = find_missing(facts.policy, wanted.matches)
    yield find(
        not missing,
        f"{name} statements about matches",
        "as they must be",
        f"{_describe(missing, facts)}: a match can be read until it is in quarantine",
        mend,
    )
    missing = find_missing(facts.policy, wanted.gate)
    stands = len(missing) < len(wanted.gate)
    if not wanted.has_gate:
        yield find(
            not stands,
            f"{name} read gate",
            "off, as in the stack",
            "stands, although the stack has ReadGate=off, and follows its settings no more",
            f"guardctl bucket remove {facts.name} --reason WHY, and then {mend}",
            Level.WARNING,
        )
    elif is_added(record) and record["gate"] == "later" and not stands:
        yield Finding(
            Level.WARNING,
            f"{name} read gate",
            "was left for later: an upload can be read before its verdict",
            f"guardctl backfill start --bucket {facts.name} --reason WHY, and when it is done {mend}",
        )
    else:
        yield find(
            not missing,
            f"{name} read gate",
            "as it must be",
            f"{_describe(missing, facts)}: an upload may be read before its verdict, or stay unreadable after it",
            mend,
        )


def _describe(missing: list[str], facts: BucketFacts) -> str:
    present = sids_of(list_statements(facts.policy))
    return ", ".join(f"{sid} {'has changed' if sid in present else 'is missing'}" for sid in missing)


def check_results(deployment: Deployment, bucket: str) -> Iterator[Finding]:
    """Look whether the first versions in the bucket have a result."""
    target, subject = deployment.target, f"bucket {bucket}: results"
    if bucket not in listed_buckets(target):
        yield Finding(Level.UNCHECKED, subject, "the stack does not watch the bucket")
        return
    listed = deployment.client("s3").list_object_versions(Bucket=bucket, MaxKeys=_SAMPLE, **owner_argument(target))
    now = datetime.fromtimestamp(target.now(), UTC)
    since = now - timedelta(days=float(target.stack.parameters.get("CleanResultDays", "90")))
    # Results of clean uploads expire. What a finished backfill has seen is older than they are.
    oldest = since if _has_been_backfilled(target, bucket) else datetime.min.replace(tzinfo=UTC)
    sample = [one for one in listed.get("Versions", []) if oldest < one["LastModified"] < now - _YOUNG]
    table = OperatedTable(deployment.client("dynamodb"), target.stack.output("ResultsTableName"))
    missing = [one for one in sample if not _has_result(table, bucket, one)]
    yield find(
        not missing,
        subject,
        f"all of {len(sample)} versions have one" if sample else "no version is old enough to need one",
        f"{len(missing)} of {len(sample)} versions have none, such as {missing[0]['Key'] if missing else ''}",
        f"guardctl backfill start --bucket {bucket} --reason WHY",
        Level.WARNING,
    )


def _has_been_backfilled(target: Target, bucket: str) -> bool:
    """Return whether a backfill without filters has come to the bucket's end."""
    for found in BackfillJobs(target).list_newest():
        job = found.job
        is_filtered = job.prefix or job.current_only or job.status or job.reason
        if job.bucket == bucket and found.progress.is_complete and not is_filtered:
            return True
    return False


def _has_result(table: OperatedTable, bucket: str, listed: Any) -> bool:
    etag = listed["ETag"].strip('"')
    names: set[Any] = {listed["VersionId"], f"etag:{etag}"}
    return any(item["version"] in names for item in table.query("upload", f"{bucket}/{listed['Key']}"))
