"""Functions that run behind Lambda's API at another endpoint, such as `sam local start-lambda`, in its containers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from local.aws.environment import Outcome
from local.aws.functions import Function

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# The longest time-out of a function, and what a container takes to start on a busy machine.
READ_SECONDS = 300.0
# `sam local start-lambda` keeps one warm container for a function, and what comes meanwhile waits for it there.
AT_ONCE = 1


class Container:
    """Stands for an execution environment that the endpoint starts and ends, so there is nothing to close here."""

    def __init__(self, client: LambdaClient, function: Function) -> None:
        self._client, self._function = client, function
        self.alive = True

    def invoke(self, event: Any, request_id: str) -> Outcome:
        """Runs the handler. Never raises: that the endpoint cannot run it is a failure, and is tried again as one."""
        try:
            answer = self._client.invoke(FunctionName=self._function.logical_id, Payload=json.dumps(event).encode())
            payload = json.loads(answer["Payload"].read())
        except (BotoCoreError, ClientError, ValueError) as error:
            late = isinstance(error, ReadTimeoutError)
            said = {"errorType": "ServiceException", "errorMessage": f"RequestId: {request_id} Error: {error}"}
            return Outcome(request_id, said, failed=True, timed_out=late)
        # SAM CLI does not take Python's errors, which bear a request id as well, for errors.
        failed = "FunctionError" in answer or (isinstance(payload, dict) and "errorType" in payload)
        return Outcome(request_id, payload, failed, timed_out=failed and "timed out" in str(payload))

    def close(self) -> None:
        """It is used no more."""
        self.alive = False
