"""The ways in which a call to AWS fails."""

import json
from collections.abc import Callable, Mapping

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse

from tests.faults.partial_answers import PARTIAL, partial

# Faults of a call to AWS, each as (HTTP status, code of S3, code of the services that speak JSON).
_REFUSALS = {
    "throttled": (503, "SlowDown", "ThrottlingException"),
    "throttled 400": (400, "ThrottlingException", "ProvisionedThroughputExceededException"),
    "server error": (500, "InternalError", "InternalServerError"),
    "denied": (403, "AccessDenied", "AccessDeniedException"),
}
AWS_FAULTS = (*_REFUSALS, "server error after", "lost before", "lost after", "slow", *PARTIAL)


def fail_call(request: AWSPreparedRequest, service: str, kind: str, perform: Callable[[], AWSResponse]) -> AWSResponse:
    """Make the call fail in this way. `perform` performs it."""
    if kind in PARTIAL:
        return partial(kind, service, perform())
    if kind == "lost before":
        raise ConnectionClosedError(endpoint_url="the service", request=request)
    if kind == "lost after":
        perform()
        raise ReadTimeoutError(endpoint_url="the service", request=request)
    if kind == "server error after":
        perform()
        kind = "server error"
    status, of_s3, of_json = _REFUSALS[kind]
    if service == "s3":
        body = f"<?xml version='1.0'?><Error><Code>{of_s3}</Code><Message>{kind}</Message></Error>"
        return make_response(request, status, {"content-type": "application/xml"}, body)
    body = json.dumps({"__type": of_json, "message": kind})
    return make_response(request, status, {"content-type": "application/x-amz-json-1.0"}, body)


def make_response(
    request: AWSPreparedRequest, status: int, headers: Mapping[str, str], body: str | bytes
) -> AWSResponse:
    """Return a response of AWS as botocore reads it."""
    return AWSResponse(request.url, status, HeadersDict(headers), MockRawResponse(body))  # type: ignore[arg-type]
