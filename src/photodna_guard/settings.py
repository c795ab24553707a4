"""The environment, read once, with every fault reported at once."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from photodna_guard.domain.errors import ConfigurationError

T = TypeVar("T")

OPERATION = "/photodna/v1.0/Match"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the stack's parameters and resources are, as template.yaml passes them on."""

    match_endpoint: str
    subscription_key_secret: str
    enhance: bool
    enable_evaluation: str | None
    rate_per_second: float
    rate_margin_ms: float
    monthly_quota: int
    results_table: str
    rate_limiter_table: str
    retry_queue_url: str
    backfill_queue_url: str
    dead_letter_queue_url: str
    quarantine_bucket: str
    max_deletions_per_hour: int
    observe: bool
    retention_days: int
    retention_mode: str
    legal_hold: bool
    retry_for_seconds: float
    clean_result_days: int
    stack: str


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`. Raises SettingsFault, which names every fault and never a value."""
    faults: list[str] = []

    def get(name: str, parse: Callable[[str], T], want: str) -> T:
        try:
            return parse(environment[name].strip())
        except KeyError:
            faults.append(f"{name} is not set: {want}")
        except ValueError:
            faults.append(f"{name} is not {want}")
        return None  # type: ignore[return-value]  # never seen: any fault raises below

    local = "AWS_ENDPOINT_URL" in environment  # an embedded cloud, where plain HTTP stays on the machine
    settings = Settings(
        match_endpoint=get("MATCH_ENDPOINT", lambda v: endpoint(v, local), "the https URL of the Match operation"),
        subscription_key_secret=get("SUBSCRIPTION_KEY_SECRET", _name, "the ARN of a secret"),
        enhance=get("ENHANCE", lambda v: _one_of(v, "true", "false") == "true", "true or false"),
        enable_evaluation=get("ENABLE_EVALUATION", _evaluation, "off, always or afterinitialquota"),
        rate_per_second=get("RATE_PER_SECOND", lambda v: _number(v, 0.1, 1000), "a number from 0.1 to 1000"),
        rate_margin_ms=get("RATE_MARGIN_MS", lambda v: _number(v, 10, 1000), "milliseconds from 10 to 1000"),
        monthly_quota=get("MONTHLY_QUOTA", lambda v: int(_number(v, 0, 1e12)), "requests a month, or 0"),
        results_table=get("RESULTS_TABLE", _name, "the name of a table"),
        rate_limiter_table=get("RATE_LIMITER_TABLE", _name, "the name of a table"),
        retry_queue_url=get("RETRY_QUEUE_URL", _name, "the URL of a queue"),
        backfill_queue_url=get("BACKFILL_QUEUE_URL", _name, "the URL of a queue"),
        dead_letter_queue_url=get("DEAD_LETTER_QUEUE_URL", _name, "the URL of a queue"),
        quarantine_bucket=get("QUARANTINE_BUCKET", _name, "the name of a bucket"),
        max_deletions_per_hour=get(
            "MAX_DELETIONS_PER_HOUR", lambda v: int(_number(v, 1, 1000)), "a number from 1 to 1000"
        ),
        observe=get("MODE", lambda v: _one_of(v, "enforce", "observe") == "observe", "enforce or observe"),
        retention_days=get("RETENTION_DAYS", lambda v: int(_number(v, 1, 36500)), "days from 1 to 36500"),
        retention_mode=get(
            "RETENTION_MODE", lambda v: _one_of(v, "GOVERNANCE", "COMPLIANCE"), "GOVERNANCE or COMPLIANCE"
        ),
        legal_hold=get("LEGAL_HOLD", lambda v: _one_of(v, "on", "off") == "on", "on or off"),
        retry_for_seconds=get("RETRY_FOR_DAYS", lambda v: _number(v, 0, 13) * 86400, "days from 0 to 13"),
        clean_result_days=get("CLEAN_RESULT_DAYS", lambda v: int(_number(v, 1, 36500)), "days, at least 1"),
        stack=get("POWERTOOLS_SERVICE_NAME", _name, "the stack's name"),
    )
    if faults:
        raise ConfigurationError("The function cannot start; mend its environment: " + "; ".join(faults))
    return settings


def _name(value: str) -> str:
    if not value:
        raise ValueError
    return value


def _number(value: str, least: float, most: float) -> float:
    number = float(value)
    if not (math.isfinite(number) and least <= number <= most):
        raise ValueError
    return number


def _one_of(value: str, *allowed: str) -> str:
    if value not in allowed:
        raise ValueError
    return value


def _evaluation(value: str) -> str | None:
    return None if value == "off" else _one_of(value, "always", "afterinitialquota")


def endpoint(value: str, local: bool) -> str:
    """The operation's URL. The key and the pictures' URLs travel to it, so outside a machine only over TLS.

    `local`: plain HTTP is allowed. Raises ValueError.
    """
    url = urlsplit(value)
    plain_allowed = local or url.hostname in ("127.0.0.1", "localhost", "::1")
    if not url.hostname or url.query or url.fragment or url.username:
        raise ValueError
    if url.scheme != "https" and not (url.scheme == "http" and plain_allowed):
        raise ValueError
    return value if url.path not in ("", "/") else value.rstrip("/") + OPERATION
