"""The Lambda service of the embedded AWS: functions, their asynchronous invocations, queues and schedules.

It runs in the process of its user, in threads that mostly wait: so `invoke` and `stats` need no protocol, and one
process less has to start. The functions run in processes of their own.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.async_invocations import AsyncInvocations
from local.aws.clients import ACCOUNT, REGION
from local.aws.concurrency import AccountConcurrency
from local.aws.event_sources import QueueSource, Schedule, read_queue_sources, read_schedules
from local.aws.functions import AsyncConfig, Function, read_async_configs, read_functions
from local.aws.invocation import InvocationResult
from local.aws.policy.authorizer import UNRESTRICTED_ACCESS_KEY
from local.aws.pool import EnvironmentPool, StartEnvironment
from local.aws.queue_poller import QueuePoller
from local.aws.resources import Resource, parse_function_name

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)


class LambdaRunner:
    """Runs functions, at most `concurrency` at a time: the account's quota.

    `get_sqs` returns the client of an access key: Lambda polls and delivers in the name of the function's role.
    `start` creates an execution environment: a process, or a container.
    """

    def __init__(
        self,
        functions: list[Function],
        configs: Mapping[str, AsyncConfig],
        get_sqs: Callable[[str], SQSClient],
        retry_delay_scale: float,
        concurrency: int,
        start: StartEnvironment,
    ) -> None:
        self._get_sqs, self._scale, self._concurrency = get_sqs, retry_delay_scale, concurrency
        account = AccountConcurrency(concurrency, {f.name: f.reserved for f in functions if f.reserved is not None})
        self._pools = {f.name: EnvironmentPool(f, account, start) for f in functions}
        self._async = {
            name: self._start_async(pool, configs.get(name, AsyncConfig())) for name, pool in self._pools.items()
        }
        self._pollers: list[QueuePoller] = []
        self._ending = Event()

    def start(self, sources: list[QueueSource], schedules: list[Schedule]) -> None:
        """Start polling the queues and running the schedules."""
        self._pollers = [self._start_poller(source) for source in sources]
        for schedule in schedules:
            Thread(target=self._run_schedule, args=(schedule,), daemon=True).start()

    def invoke(self, logical_id: str, event: Any) -> InvocationResult:
        """Run a function synchronously, without retries. Raises ThrottledError, and KeyError for an unknown one."""
        return self._by_logical_id()[logical_id].invoke(event)

    def accept(self, function: str, event: Any) -> None:
        """Queue an event for a function, by ARN or name. Raises KeyError for an unknown function."""
        self._async[parse_function_name(function)].accept(event)

    def stats(self) -> dict[str, dict[str, int]]:
        """Return the counts of each function (see pool.Counts) by logical id."""
        return {logical_id: pool.counts() for logical_id, pool in self._by_logical_id().items()}

    def close(self) -> None:
        """Stop polling, drop queued events, and kill running functions."""
        self._ending.set()
        for poller in self._pollers:
            poller.close()
        for invocations in self._async.values():
            invocations.close()
        for pool in self._pools.values():
            pool.close()

    def _by_logical_id(self) -> dict[str, EnvironmentPool]:
        return {pool.function.logical_id: pool for pool in self._pools.values()}

    def _start_async(self, pool: EnvironmentPool, config: AsyncConfig) -> AsyncInvocations:
        return AsyncInvocations(
            pool, config, partial(self._deliver, pool.function.role), self._scale, self._concurrency
        )

    def _start_poller(self, source: QueueSource) -> QueuePoller:
        pool = self._pools[source.function]
        return QueuePoller(source, pool, self._get_sqs(pool.function.role), self._get_queue_url(source.queue_arn))

    def _get_queue_url(self, queue_arn: str) -> str:
        return self._get_sqs(UNRESTRICTED_ACCESS_KEY).get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]

    def _deliver(self, role: str, destination: str, record: dict[str, Any]) -> None:
        try:
            self._get_sqs(role).send_message(QueueUrl=self._get_queue_url(destination), MessageBody=json.dumps(record))
        except (BotoCoreError, ClientError) as error:
            # Lambda counts this in DestinationDeliveryFailures, and drops the record.
            log.error("cannot deliver to %s: %s", destination, error)

    def _run_schedule(self, schedule: Schedule) -> None:
        while not self._ending.wait(schedule.seconds):
            event = json.loads(schedule.payload) if schedule.payload else make_scheduled_event(schedule.rule_arn)
            self.accept(schedule.function, event)


def make_scheduled_event(rule_arn: str) -> dict[str, Any]:
    """Return the event that EventBridge sends for a schedule.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
    """
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule_arn.split(":")[4],
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": rule_arn.split(":")[3],
        "resources": [rule_arn],
        "detail": {},
    }


def run_stack(
    resources: list[Resource],
    code: Mapping[str, Path],
    concurrency: int,
    get_client: Callable[[str, str], Any],
    retry_delay_scale: float,
    start: StartEnvironment,
) -> LambdaRunner:
    """Start a runner for a stack's functions, with its queues and schedules. Raises UnsupportedResourceError."""
    runner = LambdaRunner(
        read_functions(resources, code, REGION, ACCOUNT),
        read_async_configs(resources),
        lambda access_key: get_client(access_key, "sqs"),
        retry_delay_scale,
        concurrency,
        start,
    )
    runner.start(read_queue_sources(resources), read_schedules(resources, REGION, ACCOUNT))
    return runner
