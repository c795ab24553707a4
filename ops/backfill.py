"""Queues the versions that a bucket already holds for a check at the lowest priority (python -m ops.backfill)."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import boto3
from botocore.config import Config

from ops import formatting
from ops.errors import AWS_ERRORS, CannotProceedError, describe_error
from ops.sqs_batch import THREADS, Progress, send_batch, send_batches
from ops.stack import DEFAULT_RATE, describe_stack
from ops.versions import limit_uploads, list_versions, make_batches
from photodna_guard.aws.response_integrity import reject_truncated_responses

_ABOUT = """\
Puts one message for each version in a bucket on the backfill queue. The scanner checks these versions at its lowest
priority: they only take slots of the rate that live uploads and retries leave free. A version that has a result costs
one write and no slot, so a run may be repeated. After an interruption, --after continues the run.
Credentials, region and endpoint are those of the AWS CLI (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL). Needed
permissions: cloudformation:DescribeStacks, s3:ListBucketVersions, sqs:GetQueueAttributes and sqs:SendMessage."""
_PROGRESS_INTERVAL = 10_000  # versions
# SQS deletes a message at the end of the queue's retention. A run may queue as many as the full rate works off in half
# of that time, because live uploads go first and may need the other half.
_MAX_SHARE_OF_RETENTION = 0.5
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6},
    connect_timeout=10,
    read_timeout=30,
    max_pool_connections=THREADS,
)


def main(arguments: Sequence[str] | None = None, client: Callable[[str], Any] | None = None) -> int:
    """Return the exit code: 0 if every version was sent, 1 if not, 2 for a call without a target, 130 at Ctrl-C.

    `client` makes boto3's client of the named service.
    """
    options = _options(arguments)
    progress = Progress(after=options.after)
    try:
        return _backfill(options, client or _make_client, progress)
    except KeyboardInterrupt:
        _print_stop("interrupted", progress)
        return 130
    except (CannotProceedError, *AWS_ERRORS) as error:
        _print_stop(describe_error(error), progress)
        return 1


def _backfill(options: argparse.Namespace, client: Callable[[str], Any], progress: Progress) -> int:
    stack = describe_stack(client("cloudformation"), options.stack) if options.stack else None
    queue_url = options.queue_url or (stack.output("BackfillQueueUrl") if stack else "")
    bucket = options.bucket or (stack.output("UploadBucketName") if stack else "")
    rate = stack.rate if stack else DEFAULT_RATE
    sqs = client("sqs")
    free, reason = _calculate_free_space(sqs, queue_url, rate)
    _print_line(f"Versions of s3://{bucket}/{formatting.quote_key(options.prefix)}* go to {queue_url}")
    uploads = list_versions(client("s3"), bucket, options.prefix, options.after, options.current_only)
    send_batches(
        make_batches(limit_uploads(free, uploads, reason), options.after),
        partial(send_batch, sqs, queue_url),
        progress,
        partial(_print_progress, progress),
    )
    print(f"{progress.sent:,} versions sent. {_estimate_duration(progress.sent, rate)}")
    return 0


def _calculate_free_space(sqs: Any, queue_url: str, rate: float) -> tuple[int, str]:
    """Return how many messages the queue may take now, and the message for the operator if there are more."""
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    retention = int(attributes["MessageRetentionPeriod"])
    waiting = sum(int(number) for name, number in attributes.items() if name.startswith("ApproximateNumberOfMessages"))
    most = int(rate * retention * _MAX_SHARE_OF_RETENTION)
    return most - waiting, (
        f"the queue may hold {most:,} messages at most: SQS deletes a message after "
        f"{formatting.format_duration(retention)}, and at {rate:g} requests a second more messages could wait as long. "
        f"Continue when the queue is nearly empty"
    )


def _print_progress(progress: Progress) -> None:
    if progress.sent % _PROGRESS_INTERVAL == 0:
        _print_line(f"{progress.sent:,} versions sent, up to {formatting.quote_key(progress.after or '')}")


def _print_stop(reason: str, progress: Progress) -> None:
    _print_line(f"backfill: {reason}.")
    if progress.sent:
        _print_line(f"{progress.sent:,} versions were sent. {_explain_continuation(progress.after)}.")


def _explain_continuation(after: str | None) -> str:
    if after is None:
        return "The first key has more versions: give the same command again"
    return (
        f"Continue with the same command and --after={formatting.quote_key(after)} (with make, put AFTER=... before it)"
    )


def _print_line(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _estimate_duration(versions: int, rate: float) -> str:
    return (
        f"If all are pictures without a result, checking takes at least {formatting.format_duration(versions / rate)} "
        f"at {rate:g} requests a second and without other uploads. Live uploads and retries go first."
    )


def _make_client(service: str) -> Any:
    try:
        # The AWS CLI reads AWS_REGION, and boto3 does not.
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
        # Without this, a truncated listing would look like the end of the bucket.
        reject_truncated_responses(session.events)
        return session.client(service, config=_CONFIG)  # type: ignore[call-overload]
    except ValueError as error:
        # AWS_ENDPOINT_URL is not a URL.
        raise CannotProceedError(str(error)) from None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ops.backfill", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", help="the deployed stack; its outputs name the queue and the bucket")
    parser.add_argument("--queue-url", help="the backfill queue, instead of the stack's")
    parser.add_argument("--bucket", help="the bucket to check, instead of the stack's upload bucket")
    parser.add_argument("--prefix", default="", help="check only keys with this prefix")
    parser.add_argument("--after", metavar="KEY", help="start after this key, which an interrupted run has printed")
    parser.add_argument("--current-only", action="store_true", help="leave out overwritten and deleted versions")
    options = parser.parse_args(arguments)
    if not (options.stack or (options.queue_url and options.bucket)):
        parser.error("give --stack, or --queue-url and --bucket")
    return options


if __name__ == "__main__":
    sys.exit(main())
