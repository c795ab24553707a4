"""The failure of an AWS call -> an error of the domain."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from photodna_guard.domain.errors import DeferrableError, RetryableError

THROTTLING_CODES = frozenset(
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

# Error code -> the error's class and its reason.
ErrorTable = Mapping[str, tuple[type[Exception], str]]
_NO_SPECIAL_ERRORS: ErrorTable = {}


@contextmanager
def translate_aws_errors(operation: str, special_errors: ErrorTable = _NO_SPECIAL_ERRORS) -> Iterator[None]:
    """Translate the failure of the AWS call inside the `with` block.

    The new error never contains the old error's text, which may contain a presigned URL.

    Args:
        operation: The call's name for the log, such as "s3:GetObject".
        special_errors: Error codes that mean something other than a failure of the call.

    Raises:
        DeferrableError: AWS throttles the call.
        RetryableError: The call failed in any other way.
    """
    try:
        yield
    except ClientError as error:
        raise _translate(operation, error, special_errors) from None
    # botocore passes on urllib3's own errors if it reads a response outside its session.
    except (BotoCoreError, HTTPError) as error:
        raise RetryableError(f"{operation}: {type(error).__name__}") from None


def _translate(operation: str, error: ClientError, special_errors: ErrorTable) -> Exception:
    code = error_code(error)
    if code in special_errors:
        error_class, reason = special_errors[code]
        return error_class(reason)
    error_class = DeferrableError if _is_throttled(error) else RetryableError
    return error_class(f"{operation}: {code}")


def _is_throttled(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return error_code(error) in THROTTLING_CODES or status in (429, 503)


def error_code(error: ClientError) -> str:
    """Return the service's error code, or the HTTP status as text if the response had no body."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))
