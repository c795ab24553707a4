"""Lambda's concurrency of the account, before a deployment: a new account has 10 executions for all functions."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# The retry queue and the backfill queue have workers, as many each.
QUEUES_WITH_WORKERS = 2
# Lambda takes no smaller MaximumConcurrency.
MIN_WORKERS = 2
# A fresh upload holds an execution for its slot and its answer. The sweep needs one as well.
MIN_EXECUTIONS_FOR_UPLOADS = 4
_PATIENCE = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})


def read_limit(region: str | None) -> int | None:
    """Return how many executions the account has in the region, or its own region; None if AWS does not say so."""
    try:
        limits = boto3.client("lambda", region_name=region, config=_PATIENCE).get_account_settings()["AccountLimit"]
    except (BotoCoreError, ClientError):
        return None
    return limits["ConcurrentExecutions"]


def describe_shortage(limit: int, workers: int) -> str:
    """Return what to tell the operator of a limit that starves fresh uploads; an empty string if there is enough."""
    left = limit - QUEUES_WITH_WORKERS * workers
    if left >= MIN_EXECUTIONS_FOR_UPLOADS:
        return ""
    taken, most = QUEUES_WITH_WORKERS * workers, (limit - MIN_EXECUTIONS_FOR_UPLOADS) // QUEUES_WITH_WORKERS
    until_then = f", and deploy with Workers={most} until then" if most >= MIN_WORKERS else ""
    return (
        f"Lambda runs at most {limit} executions at once in this account and region. With Workers={workers} the two "
        f"queues may take {taken} of them, and fresh uploads wait. Ask for more (docs/deploy.md, A new account's "
        f"concurrency){until_then}."
    )
