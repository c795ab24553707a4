"""Build what the schedules start, once for a container: the sweep, the reconciliation and the canary."""

import functools
import os
import time
from collections.abc import Callable, Sequence

import boto3

from photodna_guard import settings
from photodna_guard.aws.backfill_jobs import BackfillJobs
from photodna_guard.aws.canary_store import CanaryStore
from photodna_guard.aws.deletion_limit import DeletionLimit
from photodna_guard.aws.idle_connections import renew_idle_connections
from photodna_guard.aws.listing_job import ListingJob
from photodna_guard.aws.queue_age import QueueAge
from photodna_guard.aws.result_lookup import ResultLookup
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.aws.s3_addressing import s3_config
from photodna_guard.aws.table import Table
from photodna_guard.aws.unsettled_index import UnsettledIndex
from photodna_guard.aws.version_listing import VersionListing
from photodna_guard.bootstrap import (
    CLIENT_CONFIG,
    QUEUES,
    Clock,
    build_match_client,
    build_queues,
    build_rate_limiter,
    build_telemetry,
    prepare_libraries,
)
from photodna_guard.rate_limiter.gcra import RETRY
from photodna_guard.scanning.canary import Canary
from photodna_guard.scanning.feeder import Feeder
from photodna_guard.scanning.reconciler import Reconciler, Reconciliation
from photodna_guard.scanning.sweeper import Sweeper
from photodna_guard.settings import Settings


@functools.cache
def get_sweeper() -> Sweeper:
    """Return this container's sweeper. Raises ConfigurationError."""
    return build_sweeper(settings.from_environment(os.environ), boto3.Session())


def build_sweeper(conf: Settings, session: boto3.Session, now: Clock = time.time) -> Sweeper:
    """Build a sweeper with the session's credentials and region. `now`: epoch seconds."""
    prepare_libraries(session)
    dynamodb = renew_idle_connections(session.client("dynamodb", config=CLIENT_CONFIG), now)
    rate_limiter_table = Table(dynamodb, conf.rate_limiter_table, now)
    return Sweeper(
        unsettled=UnsettledIndex(Table(dynamodb, conf.results_table, now)),
        queues=build_queues(conf, session, now),
        ages={name: QueueAge(rate_limiter_table, name, now) for name in QUEUES},
        deletion_limit=DeletionLimit(rate_limiter_table, conf.max_deletions_per_hour, now),
        telemetry=build_telemetry(now),
        observe=conf.observe_mode,
        rate=conf.rate_per_second,
        now=now,
    )


@functools.cache
def get_feeder() -> Feeder:
    """Return this container's feeder. Raises ConfigurationError."""
    return build_feeder(settings.from_environment(os.environ), boto3.Session())


def build_feeder(
    conf: Settings, session: boto3.Session, now: Clock = time.time, sleep: Callable[[float], None] = time.sleep
) -> Feeder:
    """Build a feeder with the session's credentials and region. `now`: epoch seconds."""
    prepare_libraries(session)
    dynamodb = renew_idle_connections(session.client("dynamodb", config=CLIENT_CONFIG), now)
    s3 = renew_idle_connections(session.client("s3", config=CLIENT_CONFIG.merge(s3_config(os.environ))), now)
    operations, limiter = Table(dynamodb, conf.operations_table, now), Table(dynamodb, conf.rate_limiter_table, now)
    return Feeder(
        jobs=BackfillJobs(operations, limiter),
        versions_of=functools.partial(VersionListing, s3),
        results_of=ResultLookup(Table(dynamodb, conf.results_table, now)).find_results,
        queue=build_queues(conf, session, now)["backfill"],
        telemetry=build_telemetry(now),
        rate=conf.rate_per_second,
        now=now,
        sleep=sleep,
    )


@functools.cache
def get_reconciliation(others: tuple[str, ...]) -> Reconciliation:
    """Return this container's reconciliation of the stack's bucket and of others. Raises ConfigurationError.

    Its own variables are not among the settings: only its function has them.
    """
    buckets, pages = (os.environ["UPLOAD_BUCKET"], *others), int(os.environ["RECONCILIATION_PAGES"])
    return build_reconciliation(settings.from_environment(os.environ), buckets, pages, boto3.Session())


def build_reconciliation(
    conf: Settings, buckets: Sequence[str], pages: int, session: boto3.Session, now: Clock = time.time
) -> Reconciliation:
    """Build a reconciler of each bucket, with the session's credentials and region. `now`: epoch seconds.

    The first bucket is the stack's own. `pages`: of each bucket in each run.
    """
    prepare_libraries(session)
    dynamodb = renew_idle_connections(session.client("dynamodb", config=CLIENT_CONFIG), now)
    s3 = renew_idle_connections(session.client("s3", config=CLIENT_CONFIG.merge(s3_config(os.environ))), now)
    limiter, telemetry = Table(dynamodb, conf.rate_limiter_table, now), build_telemetry(now)
    # The cursor of the stack's own bucket has had this name before there were others.
    names = {bucket: f"reconciliation-{bucket}" for bucket in buckets} | {buckets[0]: "reconciliation"}
    build = functools.partial(
        Reconciler,
        lookup=ResultLookup(Table(dynamodb, conf.results_table, now)),
        results=ResultsTable(dynamodb, conf.results_table, conf.clean_result_days, now=now),
        queue=build_queues(conf, session, now)["retry"],
        telemetry=telemetry,
        pages=pages,
        rate=conf.rate_per_second,
        clean_result_days=conf.clean_result_days,
        now=now,
    )
    parts = [build(VersionListing(s3, bucket), ListingJob(limiter, name)) for bucket, name in names.items()]
    return Reconciliation(parts, telemetry, now)


@functools.cache
def get_canary() -> Canary:
    """Return this container's canary. Raises ConfigurationError.

    The variable with the operations table is its function's own.
    """
    table = os.environ["OPERATIONS_TABLE"]
    return build_canary(settings.from_environment(os.environ), table, boto3.Session())


def build_canary(
    conf: Settings,
    operations_table: str,
    session: boto3.Session,
    now: Clock = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Canary:
    """Build a canary with the session's credentials and region. It waits for its slot as a retry does."""
    prepare_libraries(session)
    dynamodb = renew_idle_connections(session.client("dynamodb", config=CLIENT_CONFIG), now)
    rate_limiter_table = Table(dynamodb, conf.rate_limiter_table, now)
    return Canary(
        store=CanaryStore(Table(dynamodb, operations_table, now), rate_limiter_table),
        rate_limiter=build_rate_limiter(conf, rate_limiter_table, RETRY, sleep),
        match_api=build_match_client(conf, session, now),
        telemetry=build_telemetry(now),
        now=now,
    )
