"""python -m ops.backfill: has the versions that are in a bucket already checked, in the lowest lane."""

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
Puts one message for each version in a bucket on the backfill queue. The scanner checks them in its lowest lane: they
only take slots of the rate that live uploads and retries do not want. A version whose result is known already costs
the scanner one write and no slot, so that a run may be repeated; a broken-off one is gone on with by --after.
Credentials, region and endpoint are those of the AWS CLI (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL). Needed
permissions: cloudformation:DescribeStacks, s3:ListBucketVersions, sqs:GetQueueAttributes and sqs:SendMessage."""
_TOLD_EVERY = 10_000  # versions
# SQS forgets what has waited for the queue's retention. Half of that time at the full rate is what a run may fill:
# the other half is left for live uploads, which go first.
_SHARE_OF_RETENTION = 0.5
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6},
    connect_timeout=10,
    read_timeout=30,
    max_pool_connections=THREADS,
)


def main(arguments: Sequence[str] | None = None, client: Callable[[str], Any] | None = None) -> int:
    """The exit code: 0 if every version was sent, 1 if not, 2 for a call without a target, 130 at Ctrl-C.

    `client` makes boto3's client of the service that it is told.
    """
    options = _options(arguments)
    progress = Progress(after=options.after)
    try:
        return _backfill(options, client or _client, progress)
    except KeyboardInterrupt:
        return _stopped("interrupted", progress, 130)
    except (CannotProceedError, *AWS_ERRORS) as error:
        return _stopped(describe_error(error), progress, 1)


def _backfill(options: argparse.Namespace, client: Callable[[str], Any], progress: Progress) -> int:
    stack = describe_stack(client("cloudformation"), options.stack) if options.stack else None
    queue_url = options.queue_url or (stack.output("BackfillQueueUrl") if stack else "")
    bucket = options.bucket or (stack.output("UploadBucketName") if stack else "")
    rate = stack.rate if stack else DEFAULT_RATE
    sqs = client("sqs")
    most, why = _room(sqs, queue_url, rate)
    _say(f"Versions of s3://{bucket}/{formatting.quote_key(options.prefix)}* go to {queue_url}")
    uploads = list_versions(client("s3"), bucket, options.prefix, options.after, options.current_only)
    send_batches(
        make_batches(limit_uploads(most, uploads, why), options.after),
        partial(send_batch, sqs, queue_url),
        progress,
        partial(_tell, progress),
    )
    print(f"{progress.sent:,} versions sent. {_how_long(progress.sent, rate)}")
    return 0


def _room(sqs: Any, queue_url: str, rate: float) -> tuple[int, str]:
    """How many messages the queue may take now, and what to say where there are more."""
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    retention = int(attributes["MessageRetentionPeriod"])
    waiting = sum(int(number) for name, number in attributes.items() if name.startswith("ApproximateNumberOfMessages"))
    most = int(rate * retention * _SHARE_OF_RETENTION)
    return most - waiting, (
        f"the queue is to hold {most:,} messages at most: SQS forgets what waits for {formatting.format_duration(retention)}, and "
        f"at {rate:g} requests a second more could wait as long. Go on when it is nearly empty"
    )


def _tell(progress: Progress) -> None:
    if progress.sent % _TOLD_EVERY == 0:
        _say(f"{progress.sent:,} versions sent, up to {formatting.quote_key(progress.after or '')}")


def _stopped(why: str, progress: Progress, code: int) -> int:
    _say(f"backfill: {why}.")
    if progress.sent:
        _say(f"{progress.sent:,} versions were sent. {_how_to_go_on(progress.after)}.")
    return code


def _how_to_go_on(after: str | None) -> str:
    if after is None:
        return "That is not all of the first key: give the same command again"
    return f"Go on with the same command and --after={formatting.quote_key(after)} (with make, put AFTER=... before it)"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _how_long(versions: int, rate: float) -> str:
    return (
        f"If all are pictures without a result, checking takes at least {formatting.format_duration(versions / rate)} at {rate:g} "
        "requests a second with nothing else to do; live uploads and retries go first."
    )


def _client(service: str) -> Any:
    try:
        # AWS_REGION is what the AWS CLI reads first, and boto3 not at all.
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
        reject_truncated_responses(session.events)  # a listing that is cut off is not the bucket's end
        return session.client(service, config=_CONFIG)  # type: ignore[call-overload]
    except ValueError as error:  # an AWS_ENDPOINT_URL that is none
        raise CannotProceedError(str(error)) from None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ops.backfill", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", help="the deployed stack; its outputs name queue and bucket")
    parser.add_argument("--queue-url", help="the backfill queue, instead of the stack's")
    parser.add_argument("--bucket", help="the bucket to be checked, instead of the stack's upload bucket")
    parser.add_argument("--prefix", default="", help="only keys that begin so")
    parser.add_argument("--after", metavar="KEY", help="start after this key, which a broken-off run has named")
    parser.add_argument("--current-only", action="store_true", help="leave out overwritten and deleted versions")
    options = parser.parse_args(arguments)
    if not (options.stack or (options.queue_url and options.bucket)):
        parser.error("give --stack, or --queue-url and --bucket")
    return options


if __name__ == "__main__":
    sys.exit(main())
