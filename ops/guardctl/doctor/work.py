"""What waits, what was given up, what is stopped, and whether the clocks agree."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from ops.guardctl import queues
from ops.guardctl.doctor.deployment import Deployment
from ops.guardctl.doctor.findings import Finding, Level, find
from ops.guardctl.printing import format_age, format_time
from ops.guardctl.rate import RateControl

# The ages of RetryQueueAgeAlarm and BackfillQueueAgeAlarm.
MAX_AGE_SECONDS = {queues.RETRY: 3600.0, queues.BACKFILL: 864_000.0}
# A date is a whole second, and a call takes time.
MAX_SKEW_SECONDS = 5.0
# AWS refuses signatures whose time differs by more.
REFUSED_SKEW_SECONDS = 300.0
# The slots that batches of all workers may have reserved, and what the clocks differ.
MAX_AHEAD_SECONDS, MAX_AHEAD_SLOTS = 60.0, 100


def check_queues(deployment: Deployment) -> Iterator[Finding]:
    """Check the ages of both queues, and that nothing was given up or told nobody."""
    control = RateControl(deployment.target)
    for queue, most in MAX_AGE_SECONDS.items():
        age = control.read_queue_age(queue)
        yield find(
            age is None or age <= most,
            f"age of the {queue} queue",
            "nothing was received lately" if age is None else f"{format_age(age)}, as workers saw it",
            f"{format_age(age)}: more waits than the rate works off, or requests are stopped",
            "See guardctl status, and docs/runbook.md",
            Level.WARNING,
        )
    dead = queues.read_depth(deployment.target, queues.DEAD_LETTERS).total
    yield find(
        not dead,
        "dead letters",
        "none",
        f"{dead} messages of uploads that were given up, or of unreadable events",
        "See guardctl redrive --preview, mend the reason, and guardctl redrive",
        Level.WARNING,
    )
    url = deployment.target.stack.output("NotificationDeadLetterQueueUrl")
    name = "ApproximateNumberOfMessages"
    found = deployment.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
    yield find(
        not int(found[name]),
        "notices",
        "none failed",
        f"{found[name]} notices reached nobody, each of a match or of a failed upload",
        "See guardctl attention for the uploads, and docs/runbook.md, People were not told",
    )


def check_requests(deployment: Deployment) -> Iterator[Finding]:
    """Check that requests are sent and matches are deleted, and that no slot is reserved in a far future."""
    control, now = RateControl(deployment.target), deployment.target.now()
    found = control.read()
    stopped = found.is_paused(now) or bool(found.breaker_open_since)
    yield find(
        not stopped,
        "requests",
        "are sent",
        found.describe(now),
        "guardctl resume --reason WHY, when the cause is mended",
        Level.WARNING,
    )
    tripped = control.deletion_limit_tripped_at()
    yield find(
        tripped is None,
        "deleting of matches",
        "goes on",
        f"stopped at {format_time(tripped or 0)}: more matches than MaxDeletionsPerHour",
        "guardctl limit reset --reason WHY, when you have looked at some (docs/runbook.md)",
        Level.WARNING,
    )
    ahead, most = found.next_slot_at - now, MAX_AHEAD_SECONDS + MAX_AHEAD_SLOTS / deployment.target.stack.rate
    yield find(
        ahead <= most,
        "slots",
        "are free soon",
        f"are reserved until {format_time(found.next_slot_at)}, and no request is sent before: a clock was wrong",
        f"Wait, or guardctl pause, then remove the attribute tat of the item limiter=match in the table "
        f"{deployment.target.stack.output('RateLimiterTableName')}, and guardctl resume",
    )


def check_clock(deployment: Deployment) -> Iterator[Finding]:
    """Compare this machine's clock with AWS's, by the date of a response."""
    table, sent = deployment.resource("RateLimiterTable"), deployment.target.now()
    key = {"limiter": {"S": "match"}}
    answer = deployment.client("dynamodb").get_item(TableName=table, Key=key)
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if date is None:
        yield Finding(Level.UNCHECKED, "clock", "AWS's answer had no date")
        return
    received = deployment.target.now()
    # The date is a second that was cut off.
    early, late = parsedate_to_datetime(date).timestamp() - received, sent - parsedate_to_datetime(date).timestamp() - 1
    skew = max(early, late, 0.0)
    yield find(
        skew <= MAX_SKEW_SECONDS,
        "clock",
        "this machine's agrees with AWS's",
        f"this machine's differs from AWS's by {skew:.0f} s or more: the ages that guardctl shows are wrong",
        "Let this machine's clock follow a time server (timedatectl set-ntp true, or your system's way)",
        Level.FAULT if skew > REFUSED_SKEW_SECONDS else Level.WARNING,
    )
