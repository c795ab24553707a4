"""The Lambda service of the embedded cloud: functions, their asynchronous invocations, queues and schedules.

It lives in the process of the cloud's owner, in threads that mostly wait: so `invoke` and `stats` need no protocol,
and there is one process less to start. The functions themselves run in processes of their own.
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
from local.aws.environment import Environment, Outcome
from local.aws.functions import AsyncConfig, Function, QueueSource, Schedule, function_name
from local.aws.pool import EnvironmentPool, Start
from local.aws.queue_poller import QueuePoller
from local.policy.guard import JUDGE

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)


class LambdaRunner:
    """`cloud_variables` is all that a function's process gets beside what Lambda and the template give it.

    `sqs` gives the client of an access key: Lambda polls and delivers in the name of the function's role.
    `start` makes an execution environment: a process, or one behind another endpoint (`containers`).
    """

    def __init__(
        self,
        functions: list[Function],
        configs: Mapping[str, AsyncConfig],
        sqs: Callable[[str], SQSClient],
        cloud_variables: Mapping[str, str],
        log_dir: Path,
        retry_delay_scale: float,
        start: Start = Environment,
    ) -> None:
        self._sqs = sqs
        self._pools = {
            f.name: EnvironmentPool(f, cloud_variables, log_dir / f"{f.logical_id}.log", start) for f in functions
        }
        self._async = {
            name: AsyncInvocations(
                pool, configs.get(name, AsyncConfig()), partial(self._deliver, pool.function.role), retry_delay_scale
            )
            for name, pool in self._pools.items()
        }
        self._pollers: list[QueuePoller] = []
        self._ending = Event()

    def start(self, sources: list[QueueSource], schedules: list[Schedule]) -> None:
        self._pollers = [self._poller(source) for source in sources]
        for schedule in schedules:
            Thread(target=self._run_schedule, args=(schedule,), daemon=True).start()

    def invoke(self, logical_id: str, event: Any) -> Outcome:
        """Synchronously, as `aws lambda invoke`: no retries. Raises KeyError for an unknown function."""
        return self._by_logical_id()[logical_id].invoke(event)

    def accept(self, function: str, event: Any) -> None:
        """Asynchronously; `function` is an ARN or a name. Raises KeyError for an unknown function."""
        self._async[function_name(function)].accept(event)

    def stats(self) -> dict[str, dict[str, int]]:
        """Counts (see pool.Counts) by logical id."""
        return {logical_id: pool.counts() for logical_id, pool in self._by_logical_id().items()}

    def close(self) -> None:
        """Ends polling, drops what waits, and kills what runs."""
        self._ending.set()
        for poller in self._pollers:
            poller.close()
        for invocations in self._async.values():
            invocations.close()
        for pool in self._pools.values():
            pool.close()

    def _by_logical_id(self) -> dict[str, EnvironmentPool]:
        return {pool.function.logical_id: pool for pool in self._pools.values()}

    def _poller(self, source: QueueSource) -> QueuePoller:
        pool = self._pools[source.function]
        return QueuePoller(source, pool, self._sqs(pool.function.role), self._url(source.queue_arn))

    def _url(self, queue_arn: str) -> str:
        return self._sqs(JUDGE).get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]

    def _deliver(self, role: str, destination: str, record: dict[str, Any]) -> None:
        try:
            self._sqs(role).send_message(QueueUrl=self._url(destination), MessageBody=json.dumps(record))
        except (BotoCoreError, ClientError) as error:
            # Lambda counts it as DestinationDeliveryFailures, and drops the record.
            log.error("cannot deliver to %s: %s", destination, error)

    def _run_schedule(self, schedule: Schedule) -> None:
        while not self._ending.wait(schedule.seconds):
            event = json.loads(schedule.payload) if schedule.payload else scheduled_event(schedule.rule_arn)
            self.accept(schedule.function, event)


def scheduled_event(rule_arn: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html"""
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
