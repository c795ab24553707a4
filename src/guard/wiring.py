"""Builds it all, once for a container."""

import functools
import math
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from botocore.config import Config

from guard import settings
from guard.aws.ledger import Ledger
from guard.aws.notices import Notices
from guard.aws.pacer import Pacer
from guard.aws.quarantine import Quarantine
from guard.aws.retry_queue import RetryQueue
from guard.aws.subscription_key import SubscriptionKey
from guard.aws.table import Table
from guard.aws.uploads import Uploads
from guard.endings import Endings
from guard.events import Fault
from guard.keepalive import KeepAlive
from guard.move import Move
from guard.pace import BACKFILL, BATCH, Lane
from guard.photodna import PhotoDNA
from guard.scanner import Scanner
from guard.settings import Settings

# Short time-outs and few tries: whatever takes longer is deferred, and costs no Lambda time.
_AWS = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=BATCH,
    retries={"mode": "standard", "total_max_attempts": 3},
)
# A pacer's write that is sent again may have counted the first time: then slots are lost, never used twice.


@dataclass(frozen=True, slots=True)
class Guard:
    """What a handler needs."""

    scanner: Scanner
    retry_queue: RetryQueue
    notices: Notices

    def keep(self, faults: Iterable[Fault]) -> None:
        """Puts what cannot be read into the dead-letter queue: nothing is lost, and nobody tries it in vain."""
        for fault in faults:
            self.retry_queue.give_up(fault.part, fault.reason)
            self.notices.unreadable(fault.reason)


@functools.cache
def guard(lane: Lane) -> Guard:
    """The application for a function of that lane. Raises SettingsFault."""
    return build(settings.read(os.environ), lane, boto3.Session())


def build(
    conf: Settings,
    lane: Lane,
    session: boto3.Session,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    adapter: KeepAlive | None = None,
) -> Guard:
    """The application with these settings and this session's credentials and region.

    `now`, `sleep`: its clock, epoch seconds; `adapter`: its way to the Match service. Tests give others.
    """
    s3 = session.client("s3", config=_AWS.merge(Config(signature_version="s3v4")))  # presigned URLs are v2 otherwise
    sqs = session.client("sqs", config=_AWS)
    dynamodb = session.client("dynamodb", config=_AWS)
    notices = Notices(Logger(), Metrics(), lane is BACKFILL, now)
    ledger = Ledger(dynamodb, conf.results_table, conf.clean_result_days, now)
    uploads, retry_queue = Uploads(s3), RetryQueue(sqs, conf.retry_queue_url, conf.dead_letter_queue_url)
    key = SubscriptionKey(session.client("secretsmanager", config=_AWS), conf.subscription_key_secret)
    rate_table = Table(dynamodb, conf.pacer_table, now)
    quarantine = Quarantine(s3, conf.quarantine_bucket, conf.retention_mode, conf.retention_days, now)
    scanner = Scanner(
        ledger=ledger,
        uploads=uploads,
        pacer=Pacer(rate_table, conf.rate_per_second, conf.rate_margin_ms, lane, conf.monthly_quota, sleep),
        matcher=PhotoDNA(
            conf.match_endpoint, key, conf.enhance, conf.enable_evaluation, BATCH, now=now, adapter=adapter
        ),
        move=Move(ledger, uploads, quarantine),
        endings=Endings(ledger, uploads, retry_queue, notices, conf.retry_for_seconds, now),
        notices=notices,
        now=now,
    )
    return Guard(scanner, retry_queue, notices)


def warm(lane: Lane) -> None:
    """Builds at import where that is Lambda's initialisation, which has a whole processor. Raises SettingsFault."""
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        sys.setswitchinterval(0.001)  # seconds; a thread at work would keep one whose slot has come for five times that
        guard(lane)


def seconds_left(context: Any) -> float:
    """How long the function may still run."""
    return math.inf if context is None else context.get_remaining_time_in_millis() / 1000
