"""Execution environments in containers, behind an endpoint of Lambda's API such as `sam local start-lambda`."""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from local.aws.functions import Function
from local.aws.invocation import InvocationResult

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import InvocationResponseTypeDef

# This covers the longest time-out of a function, and the start of a container on a busy machine.
READ_TIMEOUT_SECONDS = 300.0


class ContainerEnvironment:
    """An execution environment that the endpoint starts and ends.

    `sam local start-lambda` keeps one warm container for each function: further invocations wait for `turn`, its lock.
    """

    def __init__(self, client: LambdaClient, function: Function, turn: Lock) -> None:
        self._client, self._function, self._turn = client, function, turn
        self.alive = True

    def initialize(self) -> None:
        """Do nothing: the endpoint initializes the function at its first invocation."""

    def invoke(self, event: Any, request_id: str) -> InvocationResult:
        """Run the handler. Never raises: an error of the endpoint is a failed invocation, which is retried."""
        try:
            with self._turn:
                payload, answer = self._invoke(event)
        except (BotoCoreError, ClientError, ValueError) as error:
            timed_out = isinstance(error, ReadTimeoutError)
            payload = {"errorType": "ServiceException", "errorMessage": f"RequestId: {request_id} Error: {error}"}
            return InvocationResult(request_id, payload, failed=True, timed_out=timed_out)
        # SAM CLI does not mark the errors of a Python function as such, as they also have a request id.
        failed = "FunctionError" in answer or (isinstance(payload, dict) and "errorType" in payload)
        return InvocationResult(request_id, payload, failed, timed_out=failed and "timed out" in str(payload))

    def _invoke(self, event: Any) -> tuple[Any, InvocationResponseTypeDef]:
        answer = self._client.invoke(FunctionName=self._function.logical_id, Payload=json.dumps(event).encode())
        return json.loads(answer["Payload"].read()), answer

    def close(self) -> None:
        """Mark the environment as not to be used again."""
        self.alive = False
