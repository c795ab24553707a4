"""Build the application from its parts, once for a container."""

import functools
import logging
import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import boto3
from aws_lambda_powertools import Logger, Metrics
from botocore.config import Config

from photodna_guard import settings
from photodna_guard.application import Application
from photodna_guard.aws.deletion_limit import DeletionLimit
from photodna_guard.aws.event_bus import EventBus
from photodna_guard.aws.idle_connections import renew_idle_connections
from photodna_guard.aws.quarantine_bucket import QuarantineBucket
from photodna_guard.aws.queue_age import QueueAge
from photodna_guard.aws.release_list import ReleaseList
from photodna_guard.aws.response_integrity import reject_truncated_responses
from photodna_guard.aws.result_lookup import ResultLookup
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.aws.retry_queue import RetryQueue
from photodna_guard.aws.s3_addressing import s3_config
from photodna_guard.aws.scan_rules import ScanRules
from photodna_guard.aws.subscription_key import SubscriptionKey
from photodna_guard.aws.table import Table
from photodna_guard.aws.telemetry import Telemetry
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.imaging.renderer import Renderer
from photodna_guard.match_api.client import MatchClient
from photodna_guard.match_api.preconnected_adapter import PreconnectedAdapter
from photodna_guard.rate_limiter.gcra import BACKFILL, MAX_BATCH, Priority
from photodna_guard.rate_limiter.limiter import RateLimiter
from photodna_guard.scanning.fresh_uploads import FreshUploads
from photodna_guard.scanning.known_hash import KnownHashFallback
from photodna_guard.scanning.match_requester import MatchRequester
from photodna_guard.scanning.object_renderer import ObjectRenderer
from photodna_guard.scanning.outcome_handler import OutcomeHandler
from photodna_guard.scanning.ports.imaging import Renderer as RendererPort
from photodna_guard.scanning.put_back import PutBack
from photodna_guard.scanning.quarantine_workflow import QuarantineWorkflow
from photodna_guard.scanning.released_bytes import ReleasedBytes
from photodna_guard.scanning.scanner import Scanner
from photodna_guard.scanning.source_copier import MoveLimits
from photodna_guard.scanning.url_health import UrlHealth
from photodna_guard.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

# Time-outs are short and attempts few: a slower call is deferred and costs no Lambda time. A repeated write of the rate
# limiter may have reserved its slots the first time. Those are lost, but never used twice.
CLIENT_CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=MAX_BATCH,
    retries={"mode": "standard", "total_max_attempts": 3},
)
# A thread whose slot has come waits at most this long for a busy one. Python's default is five times that.
_THREAD_SWITCH_SECONDS = 0.001

# The names that a record has of its queue, the more urgent one first.
QUEUES = ("retry", "backfill")

Clock = Callable[[], float]


@functools.cache
def get_application(priority: Priority) -> Application:
    """Return this container's application for a function of that priority. Raises ConfigurationError."""
    return build(settings.from_environment(os.environ), priority, boto3.Session())


def build(
    conf: Settings,
    priority: Priority,
    session: boto3.Session,
    now: Clock = time.time,
    sleep: Callable[[float], None] = time.sleep,
    adapter: PreconnectedAdapter | None = None,
    renderer: RendererPort | None = None,
    move_limits: MoveLimits | None = None,
) -> Application:
    """Build an application with the session's credentials and region.

    Tests pass their own clock (`now`: epoch seconds; `sleep`), an `adapter` that replaces the Match service, a
    `renderer` without a process, and `move_limits` by which a small match counts as large.
    """
    prepare_libraries(session)
    s3, dynamodb = _build_clients(session, now)
    queue_name = "backfill" if priority is BACKFILL else "retry"
    telemetry = build_telemetry(now, priority is BACKFILL)
    results = ResultsTable(dynamodb, conf.results_table, conf.clean_result_days, queue_name, now)
    rate_limiter_table = Table(dynamodb, conf.rate_limiter_table, now)
    rate_limiter = build_rate_limiter(conf, rate_limiter_table, priority, sleep)
    retry_queue = build_queues(conf, session, now)[queue_name]
    upload_bucket = UploadBucket(s3)
    quarantine_bucket, limits = _build_quarantine_bucket(conf, s3, now), move_limits or MoveLimits()
    deletion_limit = DeletionLimit(rate_limiter_table, conf.max_deletions_per_hour, now)
    operations_table = Table(dynamodb, conf.operations_table, now)
    workflow = QuarantineWorkflow(
        results, upload_bucket, quarantine_bucket, deletion_limit, conf.observe_mode, now, limits
    )
    released_bytes = ReleasedBytes(ReleaseList(operations_table), upload_bucket, quarantine_bucket, now, limits)
    event_bus = _build_event_bus(conf, session, now)
    outcomes = OutcomeHandler(
        results, upload_bucket, retry_queue, event_bus, workflow, released_bytes, telemetry, conf.retry_for_seconds, now
    )
    match_client = build_match_client(conf, session, now, adapter)
    requester = MatchRequester(rate_limiter, match_client, upload_bucket, telemetry, UrlHealth(now), now)
    object_renderer = ObjectRenderer(upload_bucket, renderer or Renderer(conf.max_frames, conf.enlarge_from_pixels))
    known_hash, rules = KnownHashFallback(results, upload_bucket), ScanRules(operations_table, now)
    parts = (results, upload_bucket, rate_limiter, requester, object_renderer, known_hash, outcomes, rules)
    scanner = Scanner(*parts, conf.representation, now)
    queue_age = QueueAge(rate_limiter_table, queue_name, now)
    put_back = _build_put_back(conf, dynamodb, rate_limiter, retry_queue, telemetry, now)
    fresh_uploads = FreshUploads(scanner, rate_limiter, retry_queue, queue_age, conf.queues_fresh_uploads)
    return Application(scanner, fresh_uploads, put_back, retry_queue, queue_age, telemetry)


def prepare_libraries(session: boto3.Session) -> None:
    """Disable debug logs, in which botocore writes signatures and secrets; reject truncated responses."""
    logging.disable(logging.DEBUG)
    reject_truncated_responses(session.events)


def _build_clients(session: boto3.Session, now: Clock) -> tuple["S3Client", "DynamoDBClient"]:
    s3 = session.client("s3", config=CLIENT_CONFIG.merge(s3_config(os.environ)))
    dynamodb = session.client("dynamodb", config=CLIENT_CONFIG)
    return renew_idle_connections(s3, now), renew_idle_connections(dynamodb, now)


def build_telemetry(now: Clock, is_backfill: bool = False) -> Telemetry:
    """Return the log and the metrics of a function."""
    return Telemetry(Logger(), Metrics(), now, is_backfill)


def _build_quarantine_bucket(conf: Settings, s3: "S3Client", now: Clock) -> QuarantineBucket:
    return QuarantineBucket(s3, conf.quarantine_bucket, conf.retention_mode, conf.retention_days, conf.legal_hold, now)


def _build_put_back(
    conf: Settings,
    dynamodb: "DynamoDBClient",
    limiter: RateLimiter,
    queue: RetryQueue,
    telemetry: Telemetry,
    now: Clock,
) -> PutBack:
    lookup = ResultLookup(Table(dynamodb, conf.results_table, now))
    return PutBack(lookup, limiter, queue, telemetry, conf.rate_per_second, now)


def _build_event_bus(conf: Settings, session: boto3.Session, now: Clock) -> EventBus:
    return EventBus(renew_idle_connections(session.client("events", config=CLIENT_CONFIG), now), conf.stack_name)


def build_rate_limiter(conf: Settings, table: Table, priority: Priority, sleep: Callable[[float], None]) -> RateLimiter:
    """Return the rate limiter that all functions share, for callers of a priority."""
    return RateLimiter(table, conf.rate_per_second, conf.rate_margin_ms, priority, conf.monthly_quota, sleep)


def build_match_client(
    conf: Settings, session: boto3.Session, now: Clock, adapter: PreconnectedAdapter | None = None
) -> MatchClient:
    """Return the client of the Match operation, with the subscription key of the stack's secret."""
    secrets = renew_idle_connections(session.client("secretsmanager", config=CLIENT_CONFIG), now)
    key = SubscriptionKey(secrets, conf.subscription_key_secret)
    return MatchClient(
        conf.match_endpoint, key, conf.enhance, conf.enable_evaluation, MAX_BATCH, now=now, adapter=adapter
    )


def build_queues(conf: Settings, session: boto3.Session, now: Clock) -> dict[str, RetryQueue]:
    """Return the queues by the name that a record has in `queue`."""
    client = renew_idle_connections(session.client("sqs", config=CLIENT_CONFIG), now)
    urls = (conf.retry_queue_url, conf.backfill_queue_url)
    return {name: RetryQueue(client, url, conf.dead_letter_queue_url) for name, url in zip(QUEUES, urls, strict=True)}


def prewarm(priority: Priority) -> None:
    """Build the application at import during Lambda's initialisation, which has a whole processor.

    Raises ConfigurationError.
    """
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        sys.setswitchinterval(_THREAD_SWITCH_SECONDS)
        get_application(priority)
        # Lambda has this module. Containers of one snapshot would otherwise share their random numbers.
        with suppress(ImportError):
            from snapshot_restore_py import register_after_restore  # type: ignore[import-not-found]

            register_after_restore(random.seed)
