"""Builds it all, once for a container."""

import functools
import logging
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from botocore.config import Config

from photodna_guard import settings
from photodna_guard.aws.deletion_limit import DeletionLimit
from photodna_guard.aws.event_bus import EventBus
from photodna_guard.aws.quarantine_bucket import QuarantineBucket
from photodna_guard.aws.results_table import ResultsTable
from photodna_guard.aws.retry_queue import RetryQueue
from photodna_guard.aws.subscription_key import SubscriptionKey
from photodna_guard.aws.table import Table
from photodna_guard.aws.telemetry import Telemetry
from photodna_guard.aws.unsettled_index import UnsettledIndex
from photodna_guard.aws.upload_bucket import UploadBucket
from photodna_guard.aws.whole_answers import refuse_partial_answers
from photodna_guard.domain.events import UnreadablePart
from photodna_guard.match_api.client import MatchClient
from photodna_guard.match_api.preconnected_adapter import PreconnectedAdapter
from photodna_guard.rate_limiter.gcra import BACKFILL, MAX_BATCH, Priority
from photodna_guard.rate_limiter.limiter import RateLimiter
from photodna_guard.scanning.known_hash import KnownHashFallback
from photodna_guard.scanning.match_requester import MatchRequester
from photodna_guard.scanning.outcome_handler import OutcomeHandler
from photodna_guard.scanning.quarantine_workflow import QuarantineWorkflow
from photodna_guard.scanning.scanner import Scanner
from photodna_guard.scanning.sweeper import Sweeper
from photodna_guard.settings import Settings

# Short time-outs and few tries: whatever takes longer is deferred, and costs no Lambda time.
_AWS = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=MAX_BATCH,
    retries={"mode": "standard", "total_max_attempts": 3},
)
# A limiter's write that is sent again may have counted the first time: then slots are lost, never used twice.


@dataclass(frozen=True, slots=True)
class Application:
    """What a handler needs."""

    scanner: Scanner
    retry_queue: RetryQueue
    notices: Telemetry

    def dead_letter(self, faults: Iterable[UnreadablePart]) -> None:
        """Puts what cannot be read into the dead-letter queue: nothing is lost, and nobody tries it in vain."""
        for fault in faults:
            self.retry_queue.send_to_dead_letters(fault.part, fault.reason)
            self.notices.log_unreadable_event(fault.reason)


@functools.cache
def get_application(lane: Priority) -> Application:
    """The application for a function of that lane. Raises SettingsFault."""
    return build(settings.from_environment(os.environ), lane, boto3.Session())


def build(
    conf: Settings,
    lane: Priority,
    session: boto3.Session,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    adapter: PreconnectedAdapter | None = None,
) -> Application:
    """The application with these settings and this session's credentials and region.

    `now`, `sleep`: its clock, epoch seconds; `adapter`: its way to the Match service. Tests give others.
    """
    _no_debug_lines()
    refuse_partial_answers(session.events)
    s3 = session.client("s3", config=_AWS.merge(Config(signature_version="s3v4")))  # presigned URLs are v2 otherwise
    dynamodb = session.client("dynamodb", config=_AWS)
    notices, queues = Telemetry(Logger(), Metrics(), now), _queues(conf, session)
    name = "backfill" if lane is BACKFILL else "retry"
    ledger = ResultsTable(dynamodb, conf.results_table, conf.clean_result_days, name, now)
    uploads, rate_table = UploadBucket(s3), Table(dynamodb, conf.rate_limiter_table, now)
    key = SubscriptionKey(session.client("secretsmanager", config=_AWS), conf.subscription_key_secret)
    quarantine = QuarantineBucket(
        s3, conf.quarantine_bucket, conf.retention_mode, conf.retention_days, conf.legal_hold, now
    )
    bound = DeletionLimit(rate_table, conf.max_deletions_per_hour, now)
    event_bus = EventBus(session.client("events", config=_AWS), conf.stack_name)
    rate_limiter = RateLimiter(rate_table, conf.rate_per_second, conf.rate_margin_ms, lane, conf.monthly_quota, sleep)
    match_api = MatchClient(
        conf.match_endpoint, key, conf.enhance, conf.enable_evaluation, MAX_BATCH, now=now, adapter=adapter
    )
    workflow = QuarantineWorkflow(ledger, uploads, quarantine, bound, conf.observe_mode, now)
    scanner = Scanner(
        results=ledger,
        upload_bucket=uploads,
        rate_limiter=rate_limiter,
        requester=MatchRequester(rate_limiter, match_api, uploads, notices, now),
        known_hash=KnownHashFallback(ledger, uploads),
        outcomes=OutcomeHandler(
            ledger, uploads, queues[name], event_bus, workflow, notices, conf.retry_for_seconds, now
        ),
        now=now,
    )
    return Application(scanner, queues[name], notices)


@functools.cache
def get_sweeper() -> Sweeper:
    """The sweep of this function. Raises SettingsFault."""
    return build_sweeper(settings.from_environment(os.environ), boto3.Session())


def build_sweeper(conf: Settings, session: boto3.Session, now: Callable[[], float] = time.time) -> Sweeper:
    """The sweep with these settings. `now`: epoch seconds."""
    _no_debug_lines()
    refuse_partial_answers(session.events)
    dynamodb = session.client("dynamodb", config=_AWS)
    return Sweeper(
        unsettled=UnsettledIndex(Table(dynamodb, conf.results_table, now)),
        queues=_queues(conf, session),
        deletion_limit=DeletionLimit(Table(dynamodb, conf.rate_limiter_table, now), conf.max_deletions_per_hour, now),
        telemetry=Telemetry(Logger(), Metrics(), now),
        observe=conf.observe_mode,
        now=now,
    )


def _no_debug_lines() -> None:
    """botocore's hold signatures and secrets: there are none, whatever level anybody sets."""
    logging.disable(logging.DEBUG)


def _queues(conf: Settings, session: boto3.Session) -> dict[str, RetryQueue]:
    """By the lane that a record is in."""
    sqs, urls = session.client("sqs", config=_AWS), {"retry": conf.retry_queue_url, "backfill": conf.backfill_queue_url}
    return {lane: RetryQueue(sqs, url, conf.dead_letter_queue_url) for lane, url in urls.items()}


def prewarm(lane: Priority) -> None:
    """Builds at import where that is Lambda's initialisation, which has a whole processor. Raises SettingsFault."""
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        sys.setswitchinterval(0.001)  # seconds; a thread at work would keep one whose slot has come for five times that
        get_application(lane)
        with suppress(ImportError):  # Lambda's own: containers of one snapshot would all throw the same dice
            from snapshot_restore_py import register_after_restore  # type: ignore[import-not-found]

            register_after_restore(random.seed)


def remaining_seconds(context: Any) -> float:
    """How long the function may still run."""
    return math.inf if context is None else context.get_remaining_time_in_millis() / 1000
