"""What an AWS call's failure means for the upload: throttled is busy, all else is tried again."""

from types import TracebackType

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from photodna_guard.domain.errors import DeferrableError, RetryableError

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "KMS.ThrottlingException",
        "KmsThrottled",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)


class translate_aws_errors:  # noqa: N801 - reads as a statement: with calling("sqs:SendMessage")
    """Raises Busy or TryAgain for a failure of the call within, without the exception's text: it may hold a URL."""

    def __init__(self, operation: str) -> None:
        self._operation = operation

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if isinstance(error, ClientError):
            reason = f"{self._operation}: {error_code(error)}"
            raise (DeferrableError(reason) if _throttled(error) else RetryableError(reason)) from None
        # botocore passes urllib3's own errors on where it reads an answer beside its session.
        if isinstance(error, BotoCoreError | HTTPError):
            raise RetryableError(f"{self._operation}: {type(error).__name__}") from None
        return None


def _throttled(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return error_code(error) in THROTTLED or status in (429, 503)


def error_code(error: ClientError) -> str:
    """S3's or another service's error code, or the HTTP status where an answer had no body."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))
