"""Where moto is too slow for many messages or versions. Each function says what moto does for every one of them."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from moto.s3 import models as s3_models
from moto.sqs import models as sqs_models
from moto.sqs.models import SQSBackend

from local.aws.moto.replacement import Wrap, replace

_RETENTION = "is_message_valid_based_on_retention_period"


def apply() -> None:
    """Correct moto. Raises SystemExit if moto no longer has a part that is replaced."""
    for owner, name, wrap in _REPLACEMENTS:
        replace(owner, name, wrap)


def _take_time_once(_: object) -> Callable[[], float]:
    """Take the time in milliseconds. moto's own function converts it four times, for each message at every call."""
    return lambda: time.time() * 1000


def _read_retention_only(_: object) -> Callable[..., bool]:
    """Compare a received message's age with the retention. moto counts all messages of the queue for that."""

    def is_valid(self: SQSBackend, queue_name: str, message: Any) -> bool:
        retention: float = self.get_queue(queue_name).message_retention_period  # type: ignore[attr-defined]
        return bool(retention + message.sent_timestamp / 1000 > time.time())

    return is_valid


def _copy_flatly(_: object) -> SimpleNamespace:
    """List the versions themselves, and only mark the latest ones. moto copies all of a bucket for each page."""
    return SimpleNamespace(copy=copy.copy, deepcopy=copy.copy)


_REPLACEMENTS: list[tuple[Any, str, Wrap]] = [
    (sqs_models, "unix_time_millis", _take_time_once),
    (SQSBackend, _RETENTION, _read_retention_only),
    (s3_models, "copy", _copy_flatly),
]
REPLACED = [(owner, name) for owner, name, _ in _REPLACEMENTS]
